// TypeProto → Type. The numbers are the field numbers of onnx.proto.
#include "base/format.h"
#include "formats/containers/protobuf.h"
#include "formats/onnx/tensor.h"

namespace thane::onnx {
namespace {

constexpr int kMostTypeNesting = 16;

Result<DType> element_type(int64_t code) {
  if (code == 0) return DType::kUndefined;
  if (!is_valid_dtype(code)) return invalid_model(format("{} is no element type", code)).expecting("1 to 26");
  return static_cast<DType>(code);
}

// Some exporters name every dimension they do not know alike.
Dim symbol(std::string_view name) {
  for (const std::string_view nothing : {"?", "-1", "None", "none", "unk", "unknown"}) {
    if (name == nothing) return Dim::unknown();
  }
  return Dim::symbol(std::string(name));
}

Dim read_dim(Bytes message) {
  Dim dim;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: {
        const int64_t value = field.integer();
        dim = value >= 0 ? Dim(value) : Dim::unknown();
        break;
      }
      case 2: dim = symbol(field.bytes()); break;
      default: field.skip();
    }
  }
  return dim;
}

SymDims read_shape(Bytes message) {
  SymDims dims;
  for (ProtobufReader field(message); field.next();) {
    if (field.tag() == 1)
      dims.push_back(read_dim(field.bytes()));
    else
      field.skip();
  }
  return dims;
}

Result<Type> type_of(Bytes message, int depth);

// The nested messages of TypeProto agree in their fields: 1 is an element type or a nested type, 2 the shape or value
// type.
Result<Type> tensor_type(Bytes message) {
  int64_t code = 0;
  std::optional<SymDims> dims;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: code = field.integer(); break;
      case 2: dims = read_shape(field.bytes()); break;
      default: field.skip();
    }
  }
  THANE_ASSIGN(const DType dtype, element_type(code));
  return Type::tensor(dtype, std::move(dims));
}

Result<Type> element_of(Bytes message, int depth) {
  Bytes element;
  for (ProtobufReader field(message); field.next();) {
    if (field.tag() == 1)
      element = field.bytes();
    else
      field.skip();
  }
  return type_of(element, depth + 1);
}

Result<Type> map_type(Bytes message, int depth) {
  int64_t key = 0;
  Bytes value;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1: key = field.integer(); break;
      case 2: value = field.bytes(); break;
      default: field.skip();
    }
  }
  THANE_ASSIGN(const DType dtype, element_type(key));
  THANE_ASSIGN(Type values, type_of(value, depth + 1));
  return Type::map(dtype, std::move(values));
}

Result<Type> type_of(Bytes message, int depth) {
  if (depth > kMostTypeNesting) return invalid_model("a type nested too deeply").expecting("at most 16 levels");
  Type type;
  for (ProtobufReader field(message); field.next();) {
    switch (field.tag()) {
      case 1:
      case 8: {  // a sparse tensor is made dense where it is read
        THANE_ASSIGN(type, tensor_type(field.bytes()));
        break;
      }
      case 4: {
        THANE_ASSIGN(Type element, element_of(field.bytes(), depth));
        type = Type::sequence(std::move(element));
        break;
      }
      case 9: {
        THANE_ASSIGN(Type element, element_of(field.bytes(), depth));
        type = Type::optional(std::move(element));
        break;
      }
      case 5: {
        THANE_ASSIGN(type, map_type(field.bytes(), depth));
        break;
      }
      default: field.skip();
    }
  }
  return type;
}

}  // namespace

Result<Type> read_type(Bytes message) {
  return decode_protobuf("TypeProto", [&] { return type_of(message, 0); });
}

}  // namespace thane::onnx
