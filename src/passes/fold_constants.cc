// Computes nodes whose inputs are all constant, once, instead of at every run.
#include "ops/evaluate.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

// A result may be this much larger than the constants it came from (an Expand of a scalar is cheaper done late).
constexpr size_t kGrowthBytes = 1 << 20;

bool foldable(const Graph& graph, const Node& node) {
  if (!node.subgraphs.empty() || node.op->has(kNondeterministic) || node.op->has(kStateful) || node.op->has(kHeavy)) {
    return false;
  }
  for (ValueId id : node.inputs) {
    if (id != kNoValue && !graph.constant(id)) return false;
  }
  return true;
}

// Known not to exceed the limit before anything is computed.
bool small_enough(const Graph& graph, const Node& node) {
  size_t limit = kGrowthBytes;
  for (ValueId id : node.inputs) {
    if (id != kNoValue) limit += graph.constant(id)->size_bytes();
  }
  for (ValueId id : node.outputs) {
    if (id == kNoValue) continue;
    const Type& type = graph.values[id].type;
    if (!type.has_concrete_dims() || type.dtype == DType::kUndefined) return false;
    const Dim count = count_of(*type.dims);
    const auto bytes = count.is_number() ? byte_count(type.dtype, count.number()) : std::nullopt;
    if (!bytes || *bytes > limit) return false;
  }
  return true;
}

}  // namespace

Status fold_constants(Graph& graph, const PassOptions&) {
  ThreadPool alone(1);
  RandomSource random{0};
  std::vector<Node> kept;
  kept.reserve(graph.nodes.size());
  for (Node& node : graph.nodes) {
    if (!foldable(graph, node) || !small_enough(graph, node)) {
      kept.push_back(std::move(node));
      continue;
    }
    std::vector<Value> values(node.inputs.size());
    std::vector<const Value*> inputs(node.inputs.size(), nullptr);
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (node.inputs[i] == kNoValue) continue;
      Tensor constant = *graph.constant(node.inputs[i]);
      if (!constant.aligned()) {
        THANE_ASSIGN(constant, constant.copy());
      }
      values[i] = Value(std::move(constant));
      inputs[i] = &values[i];
    }
    auto outputs = evaluate(node, inputs, alone, nullptr, random);
    bool tensors = outputs.ok();
    for (size_t i = 0; tensors && i < node.outputs.size(); ++i) {
      tensors = node.outputs[i] == kNoValue || (*outputs)[i].is_tensor();
    }
    if (!tensors) {  // it fails when (and if) it runs, with its own message
      kept.push_back(std::move(node));
      continue;
    }
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] == kNoValue) continue;
      const Tensor& tensor = (*outputs)[i].tensor();
      graph.values[node.outputs[i]].type = Type::tensor(tensor.dtype(), to_symbolic(tensor.dims()));
      graph.values[node.outputs[i]].constant = tensor;
    }
  }
  graph.nodes = std::move(kept);
  return ok();
}

}  // namespace thane
