#include "ir/unaligned.h"

#include <algorithm>

namespace thane {
namespace {

// Per value: whether somebody needs it aligned.
std::vector<bool> needing_alignment(const Graph& graph) {
  std::vector<bool> needed(graph.values.size(), false);
  const auto need = [&](ValueId id) {
    if (id != kNoValue) needed[id] = true;
  };
  for (const Node& node : graph.nodes) {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (!takes_any_alignment(node, i)) need(node.inputs[i]);
    }
    for (const Subgraph& subgraph : node.subgraphs) std::ranges::for_each(subgraph.captures, need);
  }
  std::ranges::for_each(graph.all_outputs(), need);
  return needed;
}

}  // namespace

Status copy_unaligned_constants(Graph& graph, int64_t most_elements) {
  const std::vector<bool> needed = needing_alignment(graph);
  for (size_t id = 0; id < graph.values.size(); ++id) {
    std::optional<Tensor>& constant = graph.values[id].constant;
    if (!needed[id] || !constant || constant->aligned() || constant->size() > most_elements) continue;
    const Tensor original = *constant;
    THANE_ASSIGN(*constant, original.copy());
    original.unload();
  }
  return ok();
}

}  // namespace thane
