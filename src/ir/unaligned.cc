#include "ir/unaligned.h"

#include <algorithm>

#include "ir/op_def.h"

namespace thane {
namespace {

// Per value: whether somebody needs it aligned.
std::vector<bool> needing_alignment(const Graph& graph) {
  std::vector<bool> needed(graph.values.size(), false);
  const auto need = [&](ValueId id) {
    if (id != kNoValue) needed[id] = true;
  };
  for (const Node& node : graph.nodes) {
    const size_t first = node.op->has(kAnyAlignment) ? 1 : 0;
    for (size_t i = first; i < node.inputs.size(); ++i) need(node.inputs[i]);
    for (const Subgraph& subgraph : node.subgraphs) std::ranges::for_each(subgraph.captures, need);
  }
  std::ranges::for_each(graph.all_outputs(), need);
  return needed;
}

}  // namespace

Status copy_unaligned_constants(Graph& graph) {
  const std::vector<bool> needed = needing_alignment(graph);
  for (size_t id = 0; id < graph.values.size(); ++id) {
    std::optional<Tensor>& constant = graph.values[id].constant;
    if (!needed[id] || !constant || constant->aligned()) continue;
    const Tensor original = *constant;
    THANE_ASSIGN(*constant, original.copy());
    original.unload();
  }
  return ok();
}

}  // namespace thane
