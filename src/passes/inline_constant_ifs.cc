// An If whose condition is a constant becomes the nodes of the branch taken. Exporters leave many such.
#include "ops/table.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

// Appends `body`'s nodes to `out`, with its values added to `graph`; binds captures to outer values and body outputs,
// through Identity, to the If's outputs.
void inline_body(Graph& graph, Node& branch, Subgraph& taken, const OpDef* identity, std::vector<Node>& out) {
  Graph& body = *taken.graph;
  std::vector<ValueId> ids(body.values.size(), kNoValue);
  for (size_t i = 0; i < taken.captures.size(); ++i) ids[body.inputs[i]] = taken.captures[i];
  for (ValueId id = 0; id < body.values.size(); ++id) {
    if (ids[id] != kNoValue) continue;
    ValueInfo& info = body.values[id];
    ids[id] = graph.add_value(graph.fresh_name(info.name), info.type);
    graph.values[ids[id]].constant = info.constant;
  }
  const auto rename = [&](std::vector<ValueId>& list) {
    for (ValueId& id : list) {
      if (id != kNoValue) id = ids[id];
    }
  };
  for (Node& node : body.nodes) {
    rename(node.inputs);
    rename(node.outputs);
    for (Subgraph& inner : node.subgraphs) rename(inner.captures);
    out.push_back(std::move(node));
  }
  for (size_t i = 0; i < branch.outputs.size(); ++i) {
    if (branch.outputs[i] == kNoValue) continue;
    out.push_back({identity, branch.name, {ids[body.outputs[i]]}, {branch.outputs[i]}, nullptr, {}});
  }
}

}  // namespace

Status inline_constant_ifs(Graph& graph, const PassOptions&) {
  const OpDef* identity = find_op(Domain::kOnnx, "Identity");
  for (bool again = true; again;) {  // a branch may hold further such Ifs
    again = false;
    std::vector<Node> nodes;
    for (Node& node : graph.nodes) {
      const bool is_if = node.op->domain == Domain::kOnnx && node.op->name == "If";
      const Tensor* condition = is_if ? graph.constant(node.inputs[0]) : nullptr;
      if (!condition || condition->size() != 1) {
        nodes.push_back(std::move(node));
        continue;
      }
      Subgraph taken = std::move(node.subgraphs[*condition->data<bool>() ? 0 : 1]);
      inline_body(graph, node, taken, identity, nodes);
      again = true;
    }
    graph.nodes = std::move(nodes);
  }
  return ok();
}

}  // namespace thane
