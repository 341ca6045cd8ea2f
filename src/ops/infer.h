// Type and shape inference over a whole graph, with partial constant propagation.
#pragma once

#include <span>
#include <vector>

#include "ir/context.h"
#include "ir/graph.h"

namespace thane {

// Receives the facts of every graph inferred, nested ones first.
class FactSink {
 public:
  virtual ~FactSink() = default;
  virtual void visit(const Graph& graph, const std::vector<Fact>& facts) = 0;
};

// What is known of every value of `graph` (indexed by ValueId) when its all_inputs() are as `inputs` says. Small
// integer results that depend on shapes and constants alone are computed on the way, so that a Reshape sees its target.
// Fails where the model contradicts itself, naming the node.
Result<std::vector<Fact>> infer_graph(const Graph& graph, std::span<const Fact> inputs, FactSink* sink = nullptr);

// For graphs under construction. What a constant's type and, when it can be read in place or is small, contents are.
Fact fact_of_constant(const Tensor& constant);
// Adds what is known of the outputs of `node`, which is to be the next node of `graph`. `facts` has an entry per value
// so far.
Status infer_next(const Graph& graph, const Node& node, std::vector<Fact>& facts);

// Runs inference from the declared input types and writes the types found into the graph and its subgraphs.
Status annotate_types(Graph& graph);

}  // namespace thane
