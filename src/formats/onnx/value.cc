#include "formats/onnx/value.h"

#include <protozero/pbf_writer.hpp>

#include <cstring>

#include "base/format.h"
#include "formats/containers/protobuf.h"
#include "formats/onnx/tensor.h"

// The numbers are the field numbers of onnx-data.proto.
namespace thane {
namespace {

using onnx::Bytes;

constexpr int kMostNesting = 16;

// onnx-data.proto's SequenceProto.DataType and OptionalProto.DataType.
enum ElementKind : int32_t { kTensorElement = 1, kSequenceElement = 3, kMapElement = 4, kOptionalElement = 5 };

class ValueReader {
 public:
  explicit ValueReader(Source& source) : source_(source) {}

  Result<Value> read(Bytes message, const Type& type, int depth = 0) {
    if (depth > kMostNesting) return invalid_model("a value nested too deeply").expecting("at most 16 levels");
    const Type element = type.element ? *type.element : Type{};
    switch (type.kind) {
      case TypeKind::kSequence: return sequence(message, element, depth);
      case TypeKind::kOptional: return optional(message, element, depth);
      case TypeKind::kMap: return map(message, type, depth);
      default: return tensor(message);
    }
  }

 private:
  Result<Value> tensor(Bytes message) {
    THANE_ASSIGN(onnx::NamedTensor named, onnx::read_tensor(message, source_));
    return Value(std::move(named.tensor));
  }

  Result<Value> sparse(Bytes message) {
    THANE_ASSIGN(onnx::NamedTensor named, onnx::read_sparse_tensor(message, source_));
    return Value(std::move(named.tensor));
  }

  Result<Value> sequence(Bytes message, const Type& element, int depth) {
    Sequence result{element, {}};
    for (ProtobufReader field(message); field.next();) {
      Value item;
      switch (field.tag()) {
        case 3: {
          THANE_ASSIGN(item, tensor(field.bytes()));
          break;
        }
        case 4: {
          THANE_ASSIGN(item, sparse(field.bytes()));
          break;
        }
        case 5: {
          THANE_ASSIGN(item, read(field.bytes(), nested(element, TypeKind::kSequence), depth + 1));
          break;
        }
        case 6: {
          THANE_ASSIGN(item, read(field.bytes(), nested(element, TypeKind::kMap), depth + 1));
          break;
        }
        case 7: {
          THANE_ASSIGN(item, read(field.bytes(), nested(element, TypeKind::kOptional), depth + 1));
          break;
        }
        default: field.skip(); continue;
      }
      result.items.push_back(std::move(item));
    }
    if (!result.element.known() && !result.items.empty()) result.element = result.items[0].type();
    return Value(std::move(result));
  }

  Result<Value> optional(Bytes message, const Type& element, int depth) {
    Value held;
    for (ProtobufReader field(message); field.next();) {
      switch (field.tag()) {
        case 3: {
          THANE_ASSIGN(held, tensor(field.bytes()));
          break;
        }
        case 4: {
          THANE_ASSIGN(held, sparse(field.bytes()));
          break;
        }
        case 5: {
          THANE_ASSIGN(held, read(field.bytes(), nested(element, TypeKind::kSequence), depth + 1));
          break;
        }
        case 6: {
          THANE_ASSIGN(held, read(field.bytes(), nested(element, TypeKind::kMap), depth + 1));
          break;
        }
        case 7: {
          THANE_ASSIGN(held, read(field.bytes(), nested(element, TypeKind::kOptional), depth + 1));
          break;
        }
        default: field.skip();
      }
    }
    return held;
  }

  Result<Value> map(Bytes message, const Type& type, int depth) {
    std::vector<int64_t> numbers;
    std::vector<std::string> strings;
    Value values;
    for (ProtobufReader field(message); field.next();) {
      switch (field.tag()) {
        case 3: field.integers([&](int64_t key) { numbers.push_back(key); }); break;
        case 4: strings.emplace_back(field.bytes()); break;
        case 5: {
          THANE_ASSIGN(values, sequence(field.bytes(), type.element ? *type.element : Type{}, depth));
          break;
        }
        default: field.skip();
      }
    }
    const size_t count = values.empty() ? 0 : values.sequence().items.size();
    if (numbers.size() + strings.size() != count || (!numbers.empty() && !strings.empty())) {
      return invalid_model(format("a map of {} keys and {} values", numbers.size() + strings.size(), count));
    }
    Map result;
    result.keys = type.dtype == DType::kString || !strings.empty() ? Tensor::vector<std::string>(strings)
                                                                   : Tensor::vector<int64_t>(numbers);
    THANE_ASSIGN(result.values, gather(values, count));
    return Value(std::move(result));
  }

  // A map's values, one element each, as one tensor.
  static Result<Tensor> gather(const Value& values, size_t count) {
    if (count == 0) return Tensor::allocate(DType::kFloat32, {0});
    const auto& items = values.sequence().items;
    const DType dtype = items[0].is_tensor() ? items[0].tensor().dtype() : DType::kUndefined;
    for (const Value& item : items) {
      if (!item.is_tensor() || item.tensor().size() != 1 || item.tensor().dtype() != dtype) {
        return unsupported("maps to anything but single numbers or strings of one type");
      }
    }
    THANE_ASSIGN(const Tensor all, Tensor::allocate(dtype, {static_cast<int64_t>(count)}));
    const size_t size = dtype_size(dtype);
    for (size_t i = 0; i < count; ++i) {
      const Tensor& item = items[i].tensor();
      if (dtype == DType::kString)
        all.data<std::string>()[i] = *item.data<std::string>();
      else
        std::memcpy(static_cast<std::byte*>(all.raw()) + i * size, item.raw(), size);
    }
    return all;
  }

  static Type nested(const Type& element, TypeKind kind) {
    if (element.kind == kind) return element;
    Type type;
    type.kind = kind;
    return type;
  }

  Source& source_;
};

std::string packed_bytes(const Tensor& tensor) {
  const int bits = dtype_bits(tensor.dtype());
  const auto* data = static_cast<const uint8_t*>(tensor.raw());
  if (bits >= 8) return {reinterpret_cast<const char*>(data), tensor.size_bytes()};
  const int64_t per_byte = 8 / bits;
  std::string packed(static_cast<size_t>((tensor.size() + per_byte - 1) / per_byte), '\0');
  for (int64_t i = 0; i < tensor.size(); ++i) {
    const int value = (data[i] & ((1 << bits) - 1)) << (i % per_byte * bits);
    char& byte = packed[static_cast<size_t>(i / per_byte)];
    byte = static_cast<char>(byte | value);
  }
  return packed;
}

Result<std::string> write_sequence(const Sequence& sequence, const std::string& name);

struct Written {
  ElementKind kind;
  std::string message;
};

Result<Written> write_item(const Value& value) {
  if (value.is_tensor()) return Written{kTensorElement, write_onnx_tensor(value.tensor(), "")};
  THANE_ASSIGN(std::string message, write_onnx_value(value, ""));
  const ElementKind kind = value.is_sequence() ? kSequenceElement : value.is_map() ? kMapElement : kOptionalElement;
  return Written{kind, std::move(message)};
}

Result<std::string> write_sequence(const Sequence& sequence, const std::string& name) {
  std::string message;
  protozero::pbf_writer out(message);
  out.add_string(1, name);
  bool typed = false;
  for (const Value& item : sequence.items) {
    THANE_ASSIGN(const Written written, write_item(item));
    if (!typed) out.add_int32(2, written.kind);
    typed = true;
    // The fields are in the order of the kinds: tensor_values is 3 … optional_values 7.
    out.add_message(static_cast<uint32_t>(written.kind + 2), written.message);
  }
  if (!typed) out.add_int32(2, sequence.element.kind == TypeKind::kSequence ? kSequenceElement : kTensorElement);
  return message;
}

Result<std::string> write_map(const Map& map, const std::string& name) {
  std::string message;
  protozero::pbf_writer out(message);
  out.add_string(1, name);
  out.add_int32(2, static_cast<int32_t>(map.keys.dtype()));
  Sequence values{Type::tensor(map.values.dtype()), {}};
  const size_t size = dtype_size(map.values.dtype());
  for (int64_t i = 0; i < map.keys.size(); ++i) {
    if (map.keys.dtype() == DType::kString)
      out.add_bytes(4, map.keys.data<std::string>()[i]);
    else
      out.add_int64(3, map.keys.as_int64(i));
    // An element of `values` in memory of its own: strings, too, may be borrowed for the time of writing.
    auto* element = static_cast<std::byte*>(map.values.raw()) + static_cast<size_t>(i) * size;
    values.items.emplace_back(Tensor::borrow(map.values.dtype(), {}, element));
  }
  THANE_ASSIGN(const std::string list, write_sequence(values, ""));
  out.add_message(5, list);
  return message;
}

}  // namespace

Result<Value> read_onnx_value(std::shared_ptr<const MappedFile> file, const Type& type) {
  const std::string path = file->path();
  Source source(std::move(file), {.companions = false});
  auto value = decode_protobuf("value", [&] { return ValueReader(source).read(source.bytes(), type); });
  if (!value.ok()) return std::move(value).error().at(path);
  return value;
}

std::string write_onnx_tensor(const Tensor& tensor, const std::string& name) {
  std::string message;
  protozero::pbf_writer out(message);
  if (tensor.rank() > 0) out.add_packed_int64(1, tensor.dims().begin(), tensor.dims().end());
  out.add_int32(2, static_cast<int32_t>(tensor.dtype()));
  if (!name.empty()) out.add_string(8, name);
  if (tensor.dtype() == DType::kString) {
    for (const std::string& text : tensor.span<std::string>()) out.add_bytes(6, text);
  } else {
    out.add_bytes(9, packed_bytes(tensor));
  }
  return message;
}

Result<std::string> write_onnx_value(const Value& value, const std::string& name) {
  if (value.is_tensor()) return write_onnx_tensor(value.tensor(), name);
  if (value.is_sequence()) return write_sequence(value.sequence(), name);
  if (value.is_map()) return write_map(value.map(), name);
  std::string message;
  protozero::pbf_writer(message).add_string(1, name);
  return message;
}

}  // namespace thane
