#include "formats/onnx/attributes.h"

#include "base/format.h"
#include "formats/containers/protobuf.h"
#include "formats/onnx/tensor.h"

// The numbers are the field numbers of AttributeProto.
namespace thane::onnx {
namespace {

template <class T, class F>
Result<AttrValue> single(Bytes message, uint32_t tag, T value, const F& read) {
  for (ProtobufReader field(message); field.next();) {
    if (field.tag() == tag)
      value = read(field);
    else
      field.skip();
  }
  return AttrValue(std::move(value));
}

template <class T, class F>
Result<AttrValue> list(Bytes message, uint32_t tag, const F& append) {
  std::vector<T> values;
  for (ProtobufReader field(message); field.next();) {
    if (field.tag() == tag)
      append(field, values);
    else
      field.skip();
  }
  return AttrValue(std::move(values));
}

using TensorReader = Result<NamedTensor> (*)(Bytes message, Source& source);

Result<AttrValue> tensors(Bytes message, uint32_t tag, TensorReader read, Source& source) {
  std::vector<Tensor> values;
  for (ProtobufReader field(message); field.next();) {
    if (field.tag() != tag) {
      field.skip();
      continue;
    }
    THANE_ASSIGN(NamedTensor named, read(field.bytes(), source));
    values.push_back(std::move(named.tensor));
  }
  return AttrValue(std::move(values));
}

Result<AttrValue> tensor(Bytes message, uint32_t tag, TensorReader read, Source& source) {
  THANE_ASSIGN(AttrValue all, tensors(message, tag, read, source));
  auto& values = std::get<std::vector<Tensor>>(all);
  if (values.size() != 1) return invalid_model(format("{} tensors", values.size())).expecting("one");
  return AttrValue(std::move(values[0]));
}

Result<AttrValue> type(Bytes message) {
  Type result;
  for (ProtobufReader field(message); field.next();) {
    if (field.tag() != 14) {
      field.skip();
      continue;
    }
    THANE_ASSIGN(result, read_type(field.bytes()));
  }
  return AttrValue(result.to_string());
}

Result<AttrValue> read(const AttributeProto& attribute, Source& source) {
  const Bytes message = attribute.message;
  switch (attribute.type) {
    case AttributeType::kFloat: return single(message, 2, 0.0f, [](ProtobufReader& f) { return f.float32(); });
    case AttributeType::kInt: return single(message, 3, int64_t{0}, [](ProtobufReader& f) { return f.integer(); });
    case AttributeType::kString:
      return single(message, 4, std::string(), [](ProtobufReader& f) { return std::string(f.bytes()); });
    case AttributeType::kFloats:
      return list<float>(message, 7,
                         [](ProtobufReader& f, auto& values) { f.floats32([&](float v) { values.push_back(v); }); });
    case AttributeType::kInts:
      return list<int64_t>(
          message, 8, [](ProtobufReader& f, auto& values) { f.integers([&](int64_t v) { values.push_back(v); }); });
    case AttributeType::kStrings:
      return list<std::string>(message, 9, [](ProtobufReader& f, auto& values) { values.emplace_back(f.bytes()); });
    case AttributeType::kTensor: return tensor(message, 5, read_tensor, source);
    case AttributeType::kTensors: return tensors(message, 10, read_tensor, source);
    case AttributeType::kSparseTensor: return tensor(message, 22, read_sparse_tensor, source);
    case AttributeType::kSparseTensors: return tensors(message, 23, read_sparse_tensor, source);
    case AttributeType::kType: return type(message);
    default: return invalid_model("it has no value of a known kind");
  }
}

}  // namespace

Result<AttrValue> read_attribute(const AttributeProto& attribute, Source& source) {
  auto value = decode_protobuf("AttributeProto", [&] { return read(attribute, source); });
  if (!value.ok()) return std::move(value).error().at(format("attribute '{}'", attribute.name));
  return value;
}

Result<std::vector<Bytes>> read_graphs(const AttributeProto& attribute) {
  return decode_protobuf("AttributeProto", [&]() -> Result<std::vector<Bytes>> {
    std::vector<Bytes> graphs;
    for (ProtobufReader field(attribute.message); field.next();) {
      if (field.tag() == 6 || field.tag() == 11)
        graphs.push_back(field.bytes());
      else
        field.skip();
    }
    return graphs;
  });
}

}  // namespace thane::onnx
