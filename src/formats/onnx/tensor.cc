#include "formats/onnx/tensor.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/checked.h"
#include "base/format.h"
#include "formats/containers/protobuf.h"

namespace thane::onnx {
namespace {

// Field numbers of TensorProto's typed data.
enum DataField : uint32_t {
  kFloatData = 4,
  kInt32Data = 5,
  kStringData = 6,
  kInt64Data = 7,
  kDoubleData = 10,
  kUInt64Data = 11
};

struct External {
  bool used = false;
  std::string_view location;
  int64_t offset = 0;
  int64_t length = -1;
};

struct Header {
  std::string_view name;
  Dims dims;
  int64_t data_type = 0;
  bool segmented = false, has_raw = false;
  Bytes raw;
  std::array<int64_t, 16> field_bytes{};  // bytes of typed data per field number (strings: count)
  External external;
  Bytes message;
};

Result<int64_t> parse_number(std::string_view key, std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0) {
    return invalid_model(format("external data has {} '{}'", key, text.substr(0, 40))).expecting("a number of bytes");
  }
  return number;
}

Status read_external(Bytes entry, External& external) {
  std::string_view key, value;
  for (ProtobufReader field(entry); field.next();) {
    switch (field.tag()) {
      case 1: key = field.bytes(); break;
      case 2: value = field.bytes(); break;
      default: field.skip();
    }
  }
  if (key == "location") external.location = value;
  if (key == "offset") {
    THANE_ASSIGN(external.offset, parse_number(key, value));
  }
  if (key == "length") {
    THANE_ASSIGN(external.length, parse_number(key, value));
  }
  return ok();
}

Result<Header> read_header(Bytes message) {
  Header header;
  header.message = message;
  constexpr size_t kMostDims = 64;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1:
        field.integers([&](int64_t d) {
          if (header.dims.size() <= kMostDims) header.dims.push_back(d);
        });
        break;
      case 2: header.data_type = field.integer(); break;
      case 3:
        header.segmented = true;
        field.skip();
        break;
      case 8: header.name = field.bytes(); break;
      case 9:
        header.has_raw = true;
        header.raw = field.bytes();
        break;
      case 13: THANE_TRY(read_external(field.bytes(), header.external)); break;
      case 14: header.external.used = field.integer() == 1; break;
      case kStringData:
        ++header.field_bytes[kStringData];
        field.skip();
        break;
      case kFloatData: field.floats32([&](float) { header.field_bytes[kFloatData] += 4; }); break;
      case kDoubleData: field.floats64([&](double) { header.field_bytes[kDoubleData] += 8; }); break;
      case kInt32Data:
      case kInt64Data:
      case kUInt64Data: {
        int64_t& count = header.field_bytes[field.tag()];
        field.integers([&](int64_t) { ++count; });
        break;
      }
      default: field.skip();
    }
  }
  if (header.dims.size() > kMostDims) return invalid_model("a tensor of more than 64 dimensions");
  return header;
}

Error wrong_amount(int64_t found, int64_t expected, std::string_view unit) {
  return invalid_model(format("the tensor holds {} {}", found, unit)).expecting(std::to_string(expected));
}

// Elements per byte of a packed sub-byte type; 1 otherwise.
int64_t per_byte(DType dtype) {
  const int bits = dtype_bits(dtype);
  return bits > 0 && bits < 8 ? 8 / bits : 1;
}

// Element `i` of a run of packed bytes, sign-extended for signed types. The first element is in the lowest bits.
uint8_t unpack(DType dtype, uint8_t byte, int64_t i) {
  const int bits = dtype_bits(dtype);
  const int shift = static_cast<int>(i % (8 / bits)) * bits;
  const auto value = static_cast<uint8_t>((byte >> shift) & ((1 << bits) - 1));
  const bool is_signed = dtype == DType::kInt4 || dtype == DType::kInt2;
  const bool negative = is_signed && (value >> (bits - 1)) != 0;
  return negative ? static_cast<uint8_t>(value | (0xff << bits)) : value;
}

// The data field a dtype's elements are stored in when they are typed.
DataField field_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
    case DType::kComplex64: return kFloatData;
    case DType::kFloat64:
    case DType::kComplex128: return kDoubleData;
    case DType::kInt64: return kInt64Data;
    case DType::kUInt32:
    case DType::kUInt64: return kUInt64Data;
    case DType::kString: return kStringData;
    default: return kInt32Data;
  }
}

// Values of a typed field that `count` elements take, and bytes as counted in the header.
int64_t typed_units(DType dtype, int64_t count) {
  switch (field_of(dtype)) {
    case kFloatData:
    case kDoubleData: return count * static_cast<int64_t>(dtype_size(dtype));
    case kInt32Data: return (count + per_byte(dtype) - 1) / per_byte(dtype);
    default: return count;
  }
}

template <class T>
void store(std::byte* data, int64_t i, int64_t value) {
  const auto stored = static_cast<T>(static_cast<uint64_t>(value));
  std::memcpy(data + i * static_cast<int64_t>(sizeof(T)), &stored, sizeof(T));
}

// Keeps the low bytes of each value, as the typed integer fields prescribe for types narrower than the field.
void store_integer(const Tensor& tensor, int64_t i, int64_t value) {
  auto* data = static_cast<std::byte*>(tensor.raw());
  if (per_byte(tensor.dtype()) > 1) {
    const int64_t n = per_byte(tensor.dtype());
    for (int64_t k = 0; k < n && i * n + k < tensor.size(); ++k) {
      store<uint8_t>(data, i * n + k, unpack(tensor.dtype(), static_cast<uint8_t>(value), k));
    }
    return;
  }
  if (tensor.dtype() == DType::kBool) value = value != 0;
  switch (dtype_size(tensor.dtype())) {
    case 1: return store<uint8_t>(data, i, value);
    case 2: return store<uint16_t>(data, i, value);
    case 4: return store<uint32_t>(data, i, value);
    default: return store<uint64_t>(data, i, value);
  }
}

// Second pass over the message: the amounts were compared with the shape before.
Result<Tensor> read_typed(const Header& header, DType dtype) {
  THANE_ASSIGN(const Tensor tensor, Tensor::allocate(dtype, header.dims));
  const DataField wanted = field_of(dtype);
  auto* data = static_cast<std::byte*>(tensor.raw());
  int64_t i = 0;
  for (ProtobufReader field(header.message); field.next();) {
    if (field.tag() != wanted) {
      field.skip();
      continue;
    }
    switch (wanted) {
      case kStringData: tensor.data<std::string>()[i++] = field.bytes(); break;
      case kFloatData: field.floats32([&](float v) { std::memcpy(data + 4 * i++, &v, 4); }); break;
      case kDoubleData: field.floats64([&](double v) { std::memcpy(data + 8 * i++, &v, 8); }); break;
      default: field.integers([&](int64_t v) { store_integer(tensor, i++, v); });
    }
  }
  return tensor;
}

Result<Tensor> read_raw(Bytes raw, DType dtype, const Dims& dims, int64_t count, Source& source) {
  const int64_t packed = per_byte(dtype);
  const int64_t expected = packed > 1 ? (count + packed - 1) / packed : count * static_cast<int64_t>(dtype_size(dtype));
  if (static_cast<int64_t>(raw.size()) != expected) {
    return wrong_amount(static_cast<int64_t>(raw.size()), expected, "bytes");
  }
  const auto* bytes = reinterpret_cast<const uint8_t*>(raw.data());
  if (packed > 1) {
    THANE_ASSIGN(const Tensor tensor, Tensor::allocate(dtype, dims));
    for (int64_t i = 0; i < count; ++i) tensor.data<uint8_t>()[i] = unpack(dtype, bytes[i / packed], i % packed);
    return tensor;
  }
  if (dtype == DType::kBool && std::any_of(bytes, bytes + count, [](uint8_t b) { return b > 1; })) {
    THANE_ASSIGN(const Tensor tensor, Tensor::allocate(dtype, dims));
    for (int64_t i = 0; i < count; ++i) tensor.data<uint8_t>()[i] = bytes[i] != 0;
    return tensor;
  }
  THANE_ASSIGN(auto buffer, source.share(raw));
  return Tensor::view(dtype, dims, std::move(buffer));
}

Result<Bytes> external_bytes(const External& external, int64_t expected, Source& source) {
  THANE_ASSIGN(const Bytes file, source.companion(external.location));
  const int64_t length = external.length >= 0 ? external.length : expected;
  const auto end = checked_add(external.offset, length);
  if (!end || *end > static_cast<int64_t>(file.size())) {
    return invalid_model(format("external data at {} of length {} lies beyond the end of '{}'", external.offset, length,
                                external.location))
        .expecting(format("at most {} bytes", file.size()));
  }
  return file.substr(static_cast<size_t>(external.offset), static_cast<size_t>(length));
}

Result<Tensor> read_contents(const Header& header, Source& source) {
  if (!is_valid_dtype(header.data_type)) {
    return invalid_model(format("{} is no data type", header.data_type)).expecting("1 to 26");
  }
  const auto dtype = static_cast<DType>(header.data_type);
  const auto count = checked_product(header.dims);
  // Leave room for the size in bits.
  if (!count || !byte_count(DType::kComplex128, *count)) {
    return invalid_model(format("a tensor of the impossible shape {}", to_string(header.dims)));
  }
  if (header.segmented) return unsupported("tensors in segments");
  if (header.external.used || header.has_raw) {
    if (dtype == DType::kString) return invalid_model("strings in raw data").expecting("string_data");
  }
  if (header.external.used) {
    const int64_t expected = (*count * dtype_bits(dtype) + 7) / 8;
    THANE_ASSIGN(const Bytes raw, external_bytes(header.external, expected, source));
    return read_raw(raw, dtype, header.dims, *count, source);
  }
  if (header.has_raw && !(header.raw.empty() && *count > 0)) {
    return read_raw(header.raw, dtype, header.dims, *count, source);
  }
  const int64_t found = header.field_bytes[field_of(dtype)];
  if (const int64_t expected = typed_units(dtype, *count); found != expected) {
    return wrong_amount(found, expected,
                        field_of(dtype) == kFloatData || field_of(dtype) == kDoubleData ? "bytes" : "values");
  }
  return read_typed(header, dtype);
}

std::string tensor_label(std::string_view name) { return name.empty() ? "tensor" : format("tensor '{}'", name); }

// Dense offsets of a sparse tensor's indices: [count], already flat, or [count, rank].
Result<Dims> flat_indices(const Tensor& indices, const Dims& dims, int64_t count, int64_t dense_count) {
  const bool flat = indices.rank() == 1;
  const auto rank = static_cast<int64_t>(dims.size());
  if (indices.dtype() != DType::kInt64 || indices.size() != (flat ? count : count * rank) || indices.rank() < 1 ||
      indices.rank() > 2 || indices.dim(0) != count) {
    return invalid_model(
               format("sparse indices of type {} and shape {}", dtype_name(indices.dtype()), to_string(indices.dims())))
        .expecting(format("int64 [{}] or [{}, {}]", count, count, rank));
  }
  THANE_ASSIGN(const Tensor aligned, indices.copy());
  const int64_t* at = aligned.data<int64_t>();
  Dims offsets;
  for (int64_t i = 0; i < count; ++i) {
    int64_t offset = flat ? at[i] : 0;
    for (int64_t axis = 0; axis < rank && !flat; ++axis) {
      const int64_t index = at[i * rank + axis];
      const int64_t size = dims[static_cast<size_t>(axis)];
      if (index < 0 || index >= size)
        return invalid_model(format("sparse index {} for a dimension of {}", index, size));
      offset = offset * size + index;
    }
    if (offset < 0 || offset >= dense_count) return invalid_model(format("sparse index {} of {}", offset, dense_count));
    offsets.push_back(offset);
  }
  return offsets;
}

Result<NamedTensor> densify(Bytes values_message, Bytes indices_message, const Dims& dims, Source& source) {
  THANE_ASSIGN(NamedTensor values, read_tensor(values_message, source));
  const auto count = checked_product(dims);
  const auto bytes = count ? byte_count(values.tensor.dtype(), *count) : std::nullopt;
  if (!bytes) return invalid_model(format("a sparse tensor of the impossible shape {}", to_string(dims)));
  THANE_TRY(source.claim(static_cast<int64_t>(*bytes)));
  THANE_ASSIGN(Tensor dense, Tensor::allocate(values.tensor.dtype(), dims));
  const bool strings = dense.dtype() == DType::kString;
  if (!strings && *bytes > 0) std::memset(dense.raw(), 0, *bytes);
  Dims offsets;
  if (values.tensor.size() > 0) {
    THANE_ASSIGN(const NamedTensor indices, read_tensor(indices_message, source));
    THANE_ASSIGN(offsets, flat_indices(indices.tensor, dims, values.tensor.size(), *count));
  }
  const size_t size = dtype_size(dense.dtype());
  for (size_t i = 0; i < offsets.size(); ++i) {
    const auto at = static_cast<size_t>(offsets[i]);
    if (strings) {
      dense.data<std::string>()[at] = values.tensor.data<std::string>()[i];
    } else {
      std::memcpy(static_cast<std::byte*>(dense.raw()) + at * size,
                  static_cast<std::byte*>(values.tensor.raw()) + i * size, size);
    }
  }
  return NamedTensor{values.name, std::move(dense)};
}

}  // namespace

Result<NamedTensor> read_tensor(Bytes message, Source& source) {
  return decode_protobuf("TensorProto", [&]() -> Result<NamedTensor> {
    THANE_ASSIGN(const Header header, read_header(message));
    auto tensor = read_contents(header, source);
    if (!tensor.ok()) return std::move(tensor).error().at(tensor_label(header.name));
    return NamedTensor{header.name, std::move(*tensor)};
  });
}

Result<std::string_view> tensor_name(Bytes message) {
  return decode_protobuf("TensorProto", [&]() -> Result<std::string_view> {
    std::string_view name;
    for (ProtobufReader field(message); field.next();) {
      if (field.tag() == 8)
        name = field.bytes();
      else
        field.skip();
    }
    return name;
  });
}

Result<NamedTensor> read_sparse_tensor(Bytes message, Source& source) {
  return decode_protobuf("SparseTensorProto", [&]() -> Result<NamedTensor> {
    Bytes values, indices;
    Dims dims;
    for (ProtobufReader field(message); field.next();) {
      switch (field.tag()) {
        case 1: values = field.bytes(); break;
        case 2: indices = field.bytes(); break;
        case 3:
          field.integers([&](int64_t d) {
            if (dims.size() < 64) dims.push_back(d);
          });
          break;
        default: field.skip();
      }
    }
    return densify(values, indices, dims, source);
  });
}

}  // namespace thane::onnx
