#include "formats/tensorflow/tensor.h"

#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "base/format.h"
#include "formats/containers/protobuf.h"
#include "formats/containers/varint.h"

namespace thane::tensorflow {
namespace {

// The parts of the message; the lists stay undecoded, each occurrence of a field being one chunk.
struct Parts {
  int64_t type = 0;
  ShapeProto shape;
  Bytes content;
  Bytes message;
};

Parts parts_of(Bytes message) {
  Parts parts;
  parts.message = message;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: parts.type = field.integer(); break;
      case 2: parts.shape = decode_shape(field.bytes()); break;
      case 4: parts.content = field.bytes(); break;
      default: field.skip();
    }
  }
  return parts;
}

// Writes values one after the other, no further than the tensor reaches.
template <class T>
class Filler {
 public:
  explicit Filler(const Tensor& tensor) : data_(tensor.data<T>()), size_(tensor.size()) {}
  void put(T value) {
    if (at_ < size_) data_[at_++] = std::move(value);
  }
  // The last value stands for all that follow; none at all for zeros.
  void finish() { std::fill(data_ + at_, data_ + size_, at_ > 0 ? data_[at_ - 1] : T{}); }

 private:
  T* data_;
  int64_t size_;
  int64_t at_ = 0;
};

// Which list holds values of each type.
template <class T>
void fill(const Parts& parts, const Tensor& tensor) {
  Filler<T> filler(tensor);
  double pending = 0;  // the real part of a complex number whose imaginary one comes next
  bool has_pending = false;
  const auto complex = [&](double value) {
    if constexpr (requires(T t) { t.real(); }) {
      if (has_pending)
        filler.put(T(static_cast<typename T::value_type>(pending), static_cast<typename T::value_type>(value)));
      pending = value;
      has_pending = !has_pending;
    } else {
      static_cast<void>(value);
    }
  };
  for (ProtobufReader field(parts.message); field.next();) {
    const uint32_t tag = field.tag();
    if constexpr (std::same_as<T, float>) {
      if (tag == 5) {
        field.floats32([&](float v) { filler.put(v); });
        continue;
      }
    } else if constexpr (std::same_as<T, double>) {
      if (tag == 6) {
        field.floats64([&](double v) { filler.put(v); });
        continue;
      }
    } else if constexpr (std::same_as<T, std::string>) {
      if (tag == 8) {
        filler.put(std::string(field.bytes()));
        continue;
      }
    } else if constexpr (std::same_as<T, Half> || std::same_as<T, BFloat16>) {
      if (tag == 13) {
        field.integers([&](int64_t v) { filler.put(std::bit_cast<T>(static_cast<uint16_t>(v))); });
        continue;
      }
    } else if constexpr (requires(T t) { t.real(); }) {
      if (tag == 9) {
        field.floats32(complex);
        continue;
      }
      if (tag == 12) {
        field.floats64(complex);
        continue;
      }
    } else if constexpr (std::integral<T>) {
      constexpr uint32_t kTag = std::same_as<T, bool>       ? 11
                                : std::same_as<T, int64_t>  ? 10
                                : std::same_as<T, uint32_t> ? 16
                                : std::same_as<T, uint64_t> ? 17
                                                            : 7;
      if (tag == kTag) {
        field.integers([&](int64_t v) { filler.put(static_cast<T>(v)); });
        continue;
      }
    }
    field.skip();
  }
  filler.finish();
}

Result<Tensor> decode(Bytes message, int64_t tf_type, const Dims* elsewhere, Source& source) {
  Parts parts = parts_of(message);
  if (elsewhere) parts.shape.dims = *elsewhere;
  if (parts.type == kTfInvalid) parts.type = tf_type;
  const DType dtype = to_dtype(parts.type);
  if (dtype == DType::kUndefined) return unsupported(format("a tensor of TensorFlow's data type {}", parts.type));
  for (int64_t dim : parts.shape.dims) {
    if (dim < 0) return invalid_model("a constant's shape is not known").at("TensorProto");
  }
  const Dims& dims = parts.shape.dims;
  const auto count = checked_product(dims);
  const auto bytes = count ? byte_count(dtype, *count) : std::nullopt;
  if (!bytes)
    return invalid_model(format("a constant of shape {}", to_string(dims))).expecting("a shape that fits memory");
  if (!parts.content.empty()) {
    if (dtype == DType::kString) return decode_strings(parts.content, dims, 0, source);
    if (parts.content.size() != *bytes) {
      return invalid_model(format("a constant of {} bytes", parts.content.size()))
          .expecting(format("{} for shape {}", *bytes, to_string(dims)));
    }
    THANE_ASSIGN(auto buffer, source.share(parts.content));
    return Tensor::view(dtype, dims, std::move(buffer));
  }
  if (*bytes > message.size()) THANE_TRY(source.claim(static_cast<int64_t>(*bytes)));
  THANE_ASSIGN(Tensor tensor, Tensor::allocate(dtype, dims));
  const bool known = dispatch<float, double, std::string, Half, BFloat16, bool, int8_t, uint8_t, int16_t, uint16_t,
                              int32_t, uint32_t, int64_t, uint64_t, std::complex<float>, std::complex<double>>(
      dtype, [&]<class T>() { fill<T>(parts, tensor); });
  if (!known) return unsupported(format("a constant of {} values given one by one", dtype_name(dtype)));
  return tensor;
}

}  // namespace

Result<Tensor> decode_tensor(Bytes message, Source& source) {
  return decode_protobuf("TensorProto",
                         [&]() -> Result<Tensor> { return decode(message, kTfInvalid, nullptr, source); });
}

Result<Tensor> decode_tensor_of_shape(Bytes message, int64_t tf_type, const Dims& dims, Source& source) {
  return decode_protobuf("TensorProto", [&]() -> Result<Tensor> { return decode(message, tf_type, &dims, source); });
}

Tensor string_tensor(Dims dims, std::vector<std::string> values) {
  Tensor tensor = Tensor::must_allocate(DType::kString, std::move(dims));
  std::move(values.begin(), values.end(), tensor.data<std::string>());
  return tensor;
}

Result<Tensor> decode_strings(Bytes bytes, Dims dims, size_t checksum_bytes, Source& source) {
  const auto count = checked_product(dims);
  const auto damaged = [] { return invalid_model("the lengths of its strings do not fit its bytes"); };
  if (!count || static_cast<uint64_t>(*count) > bytes.size()) return damaged();  // a length takes a byte at least
  THANE_TRY(source.claim(*count * static_cast<int64_t>(sizeof(std::string)) + static_cast<int64_t>(bytes.size())));
  std::vector<uint64_t> lengths(static_cast<size_t>(*count));
  for (uint64_t& length : lengths) {
    const auto taken = take_varint(bytes);
    if (!taken) return damaged();
    length = *taken;
  }
  if (bytes.size() < checksum_bytes) return damaged();
  bytes.remove_prefix(checksum_bytes);
  THANE_ASSIGN(Tensor tensor, Tensor::allocate(DType::kString, std::move(dims)));
  for (size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] > bytes.size()) return damaged();
    tensor.data<std::string>()[i] = bytes.substr(0, lengths[i]);
    bytes.remove_prefix(lengths[i]);
  }
  return tensor;
}

}  // namespace thane::tensorflow
