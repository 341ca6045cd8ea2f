// A capture of a constant becomes a constant of the body itself, so that the body's plan can fold it and pack it.
#include "passes/rewrites.h"

namespace thane {

Status sink_constants(Graph& graph, const PassOptions&) {
  for (Node& node : graph.nodes) {
    for (Subgraph& subgraph : node.subgraphs) {
      Graph& body = *subgraph.graph;
      const size_t formal = body.inputs.size() - subgraph.captures.size();
      std::vector<ValueId> inputs(body.inputs.begin(), body.inputs.begin() + static_cast<long>(formal));
      std::vector<ValueId> captures;
      for (size_t i = 0; i < subgraph.captures.size(); ++i) {
        const ValueId inner = body.inputs[formal + i];
        if (const Tensor* constant = graph.constant(subgraph.captures[i])) {
          body.values[inner].constant = *constant;
          body.values[inner].type = graph.values[subgraph.captures[i]].type;
        } else {
          inputs.push_back(inner);
          captures.push_back(subgraph.captures[i]);
        }
      }
      body.inputs = std::move(inputs);
      subgraph.captures = std::move(captures);
    }
  }
  return ok();
}

}  // namespace thane
