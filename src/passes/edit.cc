#include "passes/edit.h"

#include <algorithm>

namespace thane {

GraphEdit::GraphEdit(Graph& graph)
    : graph_(graph),
      uses_(graph.values.size(), 0),
      is_output_(graph.values.size(), false),
      producer_(graph.values.size(), -1),
      reader_(graph.values.size(), -1),
      replacement_(graph.values.size(), kNoValue),
      removed_(graph.nodes.size(), false) {
  const auto use = [&](ValueId id) {
    if (id != kNoValue) ++uses_[id];
  };
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    for (ValueId id : node.inputs) {
      use(id);
      if (id != kNoValue) reader_[id] = static_cast<int>(n);
    }
    for (const Subgraph& subgraph : node.subgraphs) {
      for (ValueId id : subgraph.captures) use(id);
    }
    for (ValueId id : node.outputs) {
      if (id != kNoValue) producer_[id] = static_cast<int>(n);
    }
  }
  for (ValueId id : graph.all_outputs()) {
    use(id);
    is_output_[id] = true;
  }
}

Node* GraphEdit::sole_producer(ValueId id, std::string_view name) {
  if (id == kNoValue || id >= producer_.size() || producer_[id] < 0 || uses_[id] != 1) return nullptr;
  const auto index = static_cast<size_t>(producer_[id]);
  Node& node = graph_.nodes[index];
  if (removed_[index] || node.op->domain != Domain::kOnnx || node.op->name != name) return nullptr;
  return &node;
}

void GraphEdit::replace(ValueId from, ValueId to) { replacement_[from] = to; }

ValueId GraphEdit::resolve(ValueId id) const {
  while (id != kNoValue && id < replacement_.size() && replacement_[id] != kNoValue) id = replacement_[id];
  return id;
}

bool GraphEdit::finish() {
  bool changed = false;
  const auto rewrite = [&](ValueId& id) {
    const ValueId to = resolve(id);
    changed |= to != id;
    id = to;
  };
  for (Node& node : graph_.nodes) {
    for (ValueId& id : node.inputs) rewrite(id);
    for (Subgraph& subgraph : node.subgraphs) {
      for (ValueId& id : subgraph.captures) rewrite(id);
    }
  }
  size_t kept = 0;
  for (size_t n = 0; n < graph_.nodes.size(); ++n) {
    if (n < removed_.size() && removed_[n]) continue;
    if (kept != n) graph_.nodes[kept] = std::move(graph_.nodes[n]);
    ++kept;
  }
  changed |= kept != graph_.nodes.size();
  graph_.nodes.resize(kept);
  return changed;
}

const Tensor* float_constant(const Graph& graph, const Node& node, size_t input) {
  if (input >= node.inputs.size() || node.inputs[input] == kNoValue) return nullptr;
  const Tensor* tensor = graph.constant(node.inputs[input]);
  return tensor && tensor->dtype() == DType::kFloat32 && tensor->aligned() ? tensor : nullptr;
}

}  // namespace thane
