#include "bench/float64.h"

#include "api/convert.h"
#include "base/format.h"
#include "engine/session.h"
#include "ops/infer.h"

namespace thane::bench {
namespace {

bool narrow(DType dtype) { return dtype == DType::kFloat32 || dtype == DType::kFloat16 || dtype == DType::kBFloat16; }

Status widen(Tensor& tensor) {
  if (!narrow(tensor.dtype())) return ok();
  THANE_ASSIGN(const Tensor aligned, tensor.aligned() ? Result<Tensor>(tensor) : tensor.copy());
  THANE_ASSIGN(tensor, converted_exactly(aligned, DType::kFloat64));
  return ok();
}

void widen(Type& type) {
  if (narrow(type.dtype)) type.dtype = DType::kFloat64;
}

// Attributes that name a dtype (Cast's "to", EyeLike's "dtype") or hold a tensor (ConstantOfShape's "value").
Status widen_attributes(Node& node) {
  if (!node.attrs || !node.op->attrs) return ok();
  AttrMap map = node.op->attrs->unparse(*node.attrs);
  bool changed = false;
  for (auto& [name, value] : map) {
    if (auto* tensor = std::get_if<Tensor>(&value); tensor && narrow(tensor->dtype())) {
      THANE_TRY(widen(*tensor));
      changed = true;
    }
    const bool names_dtype = name == "to" || name == "dtype" || name == "output_datatype" || name == "stash_type";
    if (auto* number = std::get_if<int64_t>(&value);
        number && names_dtype && is_valid_dtype(*number) && narrow(static_cast<DType>(*number))) {
      *number = static_cast<int64_t>(DType::kFloat64);
      changed = true;
    }
  }
  // A default that is a narrow float (ConstantOfShape fills with float32 zeros) is left out of the map.
  if (node.op->name == "ConstantOfShape" && !map.contains("value")) {
    THANE_ASSIGN(Tensor zero, Tensor::allocate(DType::kFloat64, {1}));
    zero.data<double>()[0] = 0;
    map.emplace("value", std::move(zero));
    changed = true;
  }
  if (!changed) return ok();
  THANE_ASSIGN(node.attrs, node.op->attrs->parse(map));
  return ok();
}

Status widen(Graph& graph) {
  for (ValueInfo& value : graph.values) {
    widen(value.type);
    if (value.constant) THANE_TRY(widen(*value.constant));
  }
  for (StateVariable& state : graph.states) THANE_TRY(widen(state.initial));
  for (Node& node : graph.nodes) {
    THANE_TRY(widen_attributes(node));
    for (Subgraph& subgraph : node.subgraphs) THANE_TRY(widen(*subgraph.graph));
  }
  return ok();
}

}  // namespace

Result<Graph> widened_to_float64(const Graph& graph) {
  Graph wide = graph.clone();
  THANE_TRY(widen(wide));
  if (auto status = verify(wide); !status.ok()) return std::move(status).error().at("in float64");
  return wide;
}

Result<std::vector<NamedTensor>> evaluated_in_float64(const Graph& graph, const std::vector<NamedTensor>& inputs) {
  THANE_ASSIGN(Graph wide, widened_to_float64(graph));
  std::vector<Value> values;
  for (const NamedTensor& input : inputs) {
    Tensor tensor = input.tensor;
    THANE_TRY(widen(tensor));
    values.push_back(Value(std::move(tensor)));
  }
  SessionOptions options;
  options.isa = Isa::kPortable;
  options.precision = Precision::kExact;
  std::vector<std::string> names;
  for (ValueId id : wide.outputs) names.push_back(wide.values[id].name);
  THANE_ASSIGN(const std::unique_ptr<Session> session, Session::create(std::move(wide), std::move(options)));
  THANE_ASSIGN(const std::vector<Value> outputs, session->run(values));
  std::vector<NamedTensor> out;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].is_tensor() && outputs[i].tensor().dtype() != DType::kString)
      out.push_back({names[i], outputs[i].tensor()});
  }
  return out;
}

}  // namespace thane::bench
