// Tables of the flatbuffer as views. The shapes of all tables stand in schema.cc; `verify` compares the bytes with them
// once, after which every view below is safe to read. Numbers are copied out: files do not align them.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace thane::tflite {

// One table. A default one has no fields, as an absent table does: all reads give their fallback.
class Table {
 public:
  Table() = default;
  explicit Table(const flatbuffers::Table* raw) : raw_(raw) {}
  explicit operator bool() const { return raw_; }

  template <class T>
  T number(int slot, T fallback = T{}) const {
    T value = fallback;
    if (const uint8_t* at = address(slot)) std::memcpy(&value, at, sizeof(T));
    return value;
  }
  bool flag(int slot, bool fallback = false) const { return number<uint8_t>(slot, fallback) != 0; }
  std::string_view bytes(int slot) const { return vector(slot, 1); }
  std::string_view text(int slot) const { return vector(slot, 1); }
  template <class T>
  std::vector<T> numbers(int slot) const {
    const std::string_view raw = vector(slot, sizeof(T));
    std::vector<T> out(raw.size() / sizeof(T));
    if (!out.empty()) std::memcpy(out.data(), raw.data(), raw.size());
    return out;
  }
  bool has(int slot) const { return address(slot); }
  Table table(int slot) const;
  std::vector<Table> tables(int slot) const;

 private:
  const uint8_t* address(int slot) const { return raw_ ? raw_->GetAddressOf(voffset(slot)) : nullptr; }
  std::string_view vector(int slot, size_t element_size) const;
  static flatbuffers::voffset_t voffset(int slot) { return static_cast<flatbuffers::voffset_t>(4 + 2 * slot); }

  const flatbuffers::Table* raw_ = nullptr;
};

// The model table of a file, structurally sound: offsets and lengths inside the file, depth and count of tables
// bounded.
Result<Table> verified_model(std::string_view file);

// The same of the metadata that a file may carry in a buffer of its own.
Result<Table> verified_description(std::string_view bytes);

// Which member a union holds.
struct Union {
  uint8_t type = 0;
  Table table;
};

}  // namespace thane::tflite
