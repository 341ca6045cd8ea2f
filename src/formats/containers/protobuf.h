// Reading protobuf messages field by field. Every number and length is checked against the bytes present; a field of
// the wrong wire type is an error like any other. Errors are protozero's exceptions: whoever decodes wraps the whole in
// decode_protobuf, the one place where they become a Result.
#pragma once

#include <protozero/pbf_reader.hpp>

#include <bit>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace thane {

struct WrongWireType : protozero::exception {
  const char* what() const noexcept override { return "field of a wrong type"; }
};

class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view message) : reader_(message.data(), message.size()) {}

  bool next() { return reader_.next(); }
  uint32_t tag() const { return reader_.tag(); }
  void skip() { reader_.skip(); }

  std::string_view bytes() {
    expect(protozero::pbf_wire_type::length_delimited);
    const auto view = reader_.get_view();
    return {view.data(), view.size()};
  }
  int64_t integer() {
    expect(protozero::pbf_wire_type::varint);
    return reader_.get_int64();
  }
  float float32() {
    expect(protozero::pbf_wire_type::fixed32);
    return std::bit_cast<float>(reader_.get_fixed32());
  }
  double float64() {
    expect(protozero::pbf_wire_type::fixed64);
    return std::bit_cast<double>(reader_.get_fixed64());
  }

  // A repeated scalar, packed or one by one: f(value) for each value that this field occurrence holds.
  template <class F>
  void integers(const F& f) {
    if (reader_.wire_type() != protozero::pbf_wire_type::length_delimited) return f(integer());
    const std::string_view packed = bytes();
    const char* data = packed.data();
    const char* const end = data + packed.size();
    while (data != end) f(static_cast<int64_t>(protozero::decode_varint(&data, end)));
  }
  template <class F>
  void floats32(const F& f) {
    if (reader_.wire_type() != protozero::pbf_wire_type::length_delimited) return f(float32());
    fixed<float>(f);
  }
  template <class F>
  void floats64(const F& f) {
    if (reader_.wire_type() != protozero::pbf_wire_type::length_delimited) return f(float64());
    fixed<double>(f);
  }

 private:
  void expect(protozero::pbf_wire_type type) const {
    if (reader_.wire_type() != type) throw WrongWireType{};
  }
  template <class T, class F>
  void fixed(const F& f) {
    const std::string_view packed = bytes();
    if (packed.size() % sizeof(T) != 0) throw protozero::end_of_buffer_exception{};
    for (size_t i = 0; i < packed.size(); i += sizeof(T)) {
      T value;
      std::memcpy(&value, packed.data() + i, sizeof(T));
      f(value);
    }
  }

  protozero::pbf_reader reader_;
};

Error broken_protobuf(const char* reason, std::string_view message_name);

// Runs `decode`, which returns a Result and may throw what ProtobufReader throws.
template <class F>
auto decode_protobuf(std::string_view message_name, const F& decode) -> decltype(decode()) {
  try {
    return decode();
  } catch (const protozero::exception& e) {
    return broken_protobuf(e.what(), message_name);
  }
}

}  // namespace thane
