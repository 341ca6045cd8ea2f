#include "api/pipeline.h"
#include "api/public/access.h"
#include "api/weights.h"

namespace thane::v1 {
namespace {

Value::Kind kind_of(TypeKind kind) {
  switch (kind) {
    case TypeKind::kTensor: return Value::Kind::kTensor;
    case TypeKind::kSequence: return Value::Kind::kSequence;
    case TypeKind::kMap: return Value::Kind::kMap;
    default: return Value::Kind::kNone;
  }
}

ValueInfo describe(const thane::ValueInfo& value) {
  const bool optional = value.type.kind == TypeKind::kOptional;
  const Type& type = optional && value.type.element ? *value.type.element : value.type;
  ValueInfo info;
  info.name = value.name;
  info.kind = kind_of(type.kind);
  info.optional = optional;
  info.type = value.type.to_string();
  if (!type.is_tensor()) return info;
  info.dtype = static_cast<DType>(type.dtype);
  info.has_rank = type.dims.has_value();
  if (!type.dims) return info;
  for (const Dim& dim : *type.dims) {
    info.shape.push_back({dim.is_number() ? dim.number() : -1, dim.is_symbolic() ? dim.to_string() : ""});
  }
  return info;
}

ModelInfo describe(const thane::Model& model) {
  ModelInfo info{
      model.format, model.producer, model.doc, model.versions, model.metadata, model.entry_point, {}, {}, {}};
  for (const EntryPoint& entry : model.entry_points) info.entry_points.push_back(entry.name);
  for (ValueId id : model.graph.inputs) info.inputs.push_back(describe(model.graph.values[id]));
  for (ValueId id : model.graph.outputs) info.outputs.push_back(describe(model.graph.values[id]));
  return info;
}

}  // namespace

struct Model::Body {
  thane::Model model;
  ModelInfo info;
};

Model::Model(std::shared_ptr<const Body> body) : body_(std::move(body)) {}

Result<Model> Model::load(const std::string& path, const LoadOptions& options) {
  ReadOptions read;
  read.entry_point = options.entry_point;
  read.outputs = options.outputs;
  Binding binding;
  auto model = open_model(path, read, {options.weights, {options.weights_prefix, options.allow_incomplete}}, binding);
  if (!model.ok()) return to_public(model.error());
  ModelInfo info = describe(*model);
  return Model(std::make_shared<const Body>(Body{std::move(*model), std::move(info)}));
}

const ModelInfo& Model::info() const { return body_->info; }

const thane::Model& Access::model(const Model& model) { return model.body_->model; }
std::shared_ptr<const void> Access::body(const Model& model) { return model.body_; }

}  // namespace thane::v1
