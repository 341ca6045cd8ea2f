#include "formats/onnx/rewrite.h"

#include "base/format.h"
#include "formats/onnx/domains.h"

namespace thane::onnx {

void Rewrite::set_input(size_t i, std::string name) {
  if (node.inputs.size() <= i) node.inputs.resize(i + 1);
  node.inputs[i] = std::move(name);
}

void Rewrite::drop(std::string_view name) {
  if (const auto found = node.attrs.find(name); found != node.attrs.end()) node.attrs.erase(found);
}

const Tensor* Rewrite::constant_input(size_t i) const {
  if (!has_input(i)) return nullptr;
  for (const Constant& made : constants) {
    if (made.name == node.inputs[i]) return &made.tensor;
  }
  return surroundings_.constant(node.inputs[i]);
}

DType Rewrite::input_dtype(size_t i) const {
  if (!has_input(i)) return DType::kUndefined;
  const Type type = surroundings_.type(node.inputs[i]);
  return type.is_tensor() ? type.dtype : DType::kUndefined;
}

std::optional<int64_t> Rewrite::input_rank(size_t i) const {
  if (!has_input(i)) return std::nullopt;
  const Type type = surroundings_.type(node.inputs[i]);
  if (!type.is_tensor() || !type.dims) return std::nullopt;
  return static_cast<int64_t>(type.dims->size());
}

std::string Rewrite::scalar_like(float value, size_t like) {
  const DType dtype = input_dtype(like);
  switch (dtype) {
    case DType::kFloat32: return constant(Tensor::scalar(value));
    case DType::kFloat64: return constant(Tensor::scalar(static_cast<double>(value)));
    case DType::kFloat16: return constant(Tensor::scalar(Half(value)));
    default: return emit("CastLike", {constant(Tensor::scalar(value)), input(like)});
  }
}

Status Rewrite::attribute_to_input(std::string_view name, size_t i) {
  THANE_ASSIGN(const auto values, take<Dims>(name));
  if (values) set_input(i, int64s(*values));
  return ok();
}

std::string Rewrite::constant(Tensor tensor) {
  std::string name = surroundings_.fresh(node.op);
  constants.push_back({name, std::move(tensor)});
  return name;
}

std::vector<std::string> NameList::to_vector() const {
  return names_ ? *names_ : std::vector<std::string>(list_.begin(), list_.end());
}

ForeignNode Rewrite::make(NameList outputs, std::string_view op, NameList inputs, AttrList attrs) {
  ForeignNode made;
  made.op = op;
  made.name = node.name;
  made.version = newest_version("");
  made.inputs = inputs.to_vector();
  made.outputs = outputs.to_vector();
  made.attrs = attrs.to_map();
  return made;
}

std::string Rewrite::emit(std::string_view op, NameList inputs, AttrList attrs) {
  std::string name = surroundings_.fresh(std::string(op));
  emit_to({name}, op, inputs, attrs);
  return name;
}

std::string Rewrite::emit_own(std::string_view op, NameList inputs, AttrList attrs) {
  std::string name = emit(op, inputs, attrs);
  before.back().domain = kThaneDomain;
  return name;
}

std::vector<std::string> Rewrite::emit_many(size_t count, std::string_view op, NameList inputs, AttrList attrs) {
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) names.push_back(surroundings_.fresh(std::string(op)));
  emit_to(names, op, inputs, attrs);
  return names;
}

void Rewrite::emit_to(NameList outputs, std::string_view op, NameList inputs, AttrList attrs) {
  before.push_back(make(outputs, op, inputs, attrs));
}

void Rewrite::emit_after(NameList outputs, std::string_view op, NameList inputs, AttrList attrs) {
  after.push_back(make(outputs, op, inputs, attrs));
}

void Rewrite::become(std::string_view op, NameList inputs, AttrList attrs) {
  // Copied first: they may be views of the node.
  std::vector<std::string> names = inputs.to_vector();
  AttrMap map = attrs.to_map();
  node.domain.clear();
  node.op = op;
  node.inputs = std::move(names);
  node.attrs = std::move(map);
}

void Rewrite::become_own(std::string_view op, NameList inputs, AttrList attrs) {
  become(op, inputs, attrs);
  node.domain = kThaneDomain;
}

std::string Rewrite::divert_output(size_t i) {
  std::string name = std::move(node.outputs[i]);
  node.outputs[i] = surroundings_.fresh(node.op);
  return name;
}

Error Rewrite::wrong_kind(const std::string& name) {
  return invalid_model(format("attribute '{}' is of the wrong kind", name));
}

}  // namespace thane::onnx
