// Drops nodes whose results nobody reads, then the values nobody mentions, so that their weights can be freed.
#include "passes/rewrites.h"

namespace thane {
namespace {

std::vector<bool> live_values(const Graph& graph, std::vector<bool>& node_live) {
  std::vector<bool> live(graph.values.size(), false);
  for (ValueId id : graph.all_inputs()) live[id] = true;
  for (ValueId id : graph.all_outputs()) live[id] = true;
  node_live.assign(graph.nodes.size(), false);
  for (size_t n = graph.nodes.size(); n-- > 0;) {
    const Node& node = graph.nodes[n];
    bool needed = node.op->has(kStateful);
    for (ValueId id : node.outputs) needed |= id != kNoValue && live[id];
    if (!needed) continue;
    node_live[n] = true;
    for (ValueId id : node.inputs) {
      if (id != kNoValue) live[id] = true;
    }
    for (ValueId id : node.outputs) {
      if (id != kNoValue) live[id] = true;
    }
    for (const Subgraph& subgraph : node.subgraphs) {
      for (ValueId id : subgraph.captures) live[id] = true;
    }
  }
  return live;
}

}  // namespace

Status remove_dead_code(Graph& graph, const PassOptions&) {
  std::vector<bool> node_live;
  const std::vector<bool> live = live_values(graph, node_live);
  std::vector<ValueId> new_id(graph.values.size(), kNoValue);
  std::vector<ValueInfo> values;
  for (ValueId id = 0; id < graph.values.size(); ++id) {
    if (!live[id]) continue;
    new_id[id] = static_cast<ValueId>(values.size());
    values.push_back(std::move(graph.values[id]));
  }
  graph.values = std::move(values);
  const auto rename = [&](std::vector<ValueId>& list) {
    for (ValueId& id : list) {
      if (id != kNoValue) id = new_id[id];
    }
  };
  rename(graph.inputs);
  rename(graph.outputs);
  for (StateVariable& state : graph.states) {
    state.input = new_id[state.input];
    state.output = new_id[state.output];
  }
  std::vector<Node> nodes;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    if (!node_live[n]) continue;
    Node& node = graph.nodes[n];
    rename(node.inputs);
    rename(node.outputs);
    for (Subgraph& subgraph : node.subgraphs) rename(subgraph.captures);
    nodes.push_back(std::move(node));
  }
  graph.nodes = std::move(nodes);
  return ok();
}

}  // namespace thane
