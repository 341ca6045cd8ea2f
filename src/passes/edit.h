// What every pass needs: who uses a value, and how to replace values and drop nodes.
#pragma once

#include <vector>

#include "ir/graph.h"

namespace thane {

// A view of a graph under edit. Replacements and removals take effect in finish(), so node indices stay valid until
// then.
class GraphEdit {
 public:
  explicit GraphEdit(Graph& graph);

  Graph& graph() { return graph_; }
  // Times a value is read by nodes, captures and graph outputs.
  int uses(ValueId id) const { return uses_[id]; }
  bool is_output(ValueId id) const { return is_output_[id]; }
  // Index of the node that makes a value, or -1.
  int producer(ValueId id) const { return producer_[id]; }
  // The node that makes `id` if it is of op `name` (ONNX domain) and nobody else reads `id`; else null.
  Node* sole_producer(ValueId id, std::string_view name);

  // Index of the node that alone reads `id` as an input; -1 where there are several, or a graph output, or none.
  int sole_reader(ValueId id) const { return uses_[id] == 1 ? reader_[id] : -1; }

  // Every later reader of `from` shall read `to`. `from` must not be a graph output.
  void replace(ValueId from, ValueId to);
  void remove(size_t node_index) { removed_[node_index] = true; }
  bool removed(size_t node_index) const { return removed_[node_index]; }
  // What `id` was replaced by, following chains.
  ValueId resolve(ValueId id) const;

  // Applies replacements and removals. True when anything changed.
  bool finish();

 private:
  Graph& graph_;
  std::vector<int> uses_;
  std::vector<bool> is_output_;
  std::vector<int> producer_, reader_;  // node indices; -1: none
  std::vector<ValueId> replacement_;
  std::vector<bool> removed_;
};

// The float32 constant that a node reads as its input of that number; null where it reads no such thing.
const Tensor* float_constant(const Graph& graph, const Node& node, size_t input);

}  // namespace thane
