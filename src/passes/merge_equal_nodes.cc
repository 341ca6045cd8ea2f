// Common subexpressions: a node equal to an earlier one with the same inputs is dropped.
#include <string>
#include <unordered_map>

#include "passes/edit.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

AttrMap attributes(const Node& node) { return node.op->attrs ? node.op->attrs->unparse(*node.attrs) : AttrMap{}; }

bool mergeable(const Node& node, const GraphEdit& edit) {
  if (!node.subgraphs.empty() || node.op->has(kNondeterministic) || node.op->has(kStateful)) return false;
  for (ValueId id : node.outputs) {
    if (id != kNoValue && edit.is_output(id)) return false;  // its name must stay
  }
  return true;
}

}  // namespace

Status merge_equal_nodes(Graph& graph, const PassOptions&) {
  GraphEdit edit(graph);
  std::unordered_multimap<std::string, size_t> seen;  // op and inputs → node index
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (!node.subgraphs.empty() || node.op->has(kNondeterministic) || node.op->has(kStateful)) continue;
    std::string key = std::to_string(reinterpret_cast<uintptr_t>(node.op));
    for (ValueId id : node.inputs) key += "," + std::to_string(edit.resolve(id));
    const auto [begin, end] = seen.equal_range(key);
    bool merged = false;
    for (auto entry = begin; entry != end && !merged && mergeable(node, edit); ++entry) {
      const Node& twin = graph.nodes[entry->second];
      if (twin.outputs.size() < node.outputs.size()) continue;
      bool covers = true;  // every output this node gives, its twin gives too
      for (size_t i = 0; i < node.outputs.size(); ++i)
        covers &= node.outputs[i] == kNoValue || twin.outputs[i] != kNoValue;
      if (!covers || !identical(attributes(node), attributes(twin))) continue;
      for (size_t i = 0; i < node.outputs.size(); ++i) {
        if (node.outputs[i] != kNoValue) edit.replace(node.outputs[i], twin.outputs[i]);
      }
      edit.remove(n);
      merged = true;
    }
    if (!merged) seen.emplace(std::move(key), n);
  }
  edit.finish();
  return ok();
}

}  // namespace thane
