// What the bodies of control flow leave behind, and how it becomes values of the graph around them.
#pragma once

#include <optional>
#include <vector>

#include "formats/torch/script/machine.h"

namespace thane::torchscript {

// How one value is made of the outputs of a control-flow node: the pattern of lists and tuples stays, tensors and
// numbers in it come from the node.
struct Pattern {
  enum class Kind : uint8_t { kSame, kTensor, kNumber, kTuple, kList, kDict, kNamedTuple, kGraphList, kGraphListItem };
  Kind kind = Kind::kSame;
  Value value;           // kSame: itself; otherwise an example
  size_t slot = 0;       // of leaves
  bool numbers = false;  // kGraphList
  std::vector<Pattern> items;
};

// Edges that a body reads at its end, before it is left. Tensors must be read while their builder is at work.
class Snapshot {
 public:
  // Reads every tensor in `value`.
  Status take(Machine& machine, const Value& value, int depth = 0);
  bool has(const Value& tensor) const { return edges_.contains(tensor.tensor().get()); }
  // The edge of a tensor or number taken before.
  Result<Edge> edge(Machine& machine, const Value& value, GraphBuilder& body, DType number_type) const;

 private:
  std::unordered_map<const aten::TensorBox*, Edge> edges_;
};

// One value of an If: what both branches left. Leaves become pairs of edges.
struct Alternatives {
  Machine& machine;
  GraphBuilder* bodies[2];
  const Snapshot* snapshots[2];
  std::vector<std::pair<Edge, Edge>> leaves;

  Result<Pattern> merge(const Value& a, const Value& b, int depth = 0);

 private:
  Result<Pattern> merge_tensors(const Value& a, const Value& b);
  Result<Pattern> merge_numbers(const Value& a, const Value& b);
  Result<Pattern> merge_lists(const Value& a, const Value& b, int depth);
  Result<Edge> placeholder(size_t body, const Type& type);
};

// The value a pattern stands for.
Value build(Machine& machine, const Pattern& pattern, const std::vector<Edge>& outputs);
// Of numbers, as an edge: int64, float64 or bool.
std::optional<DType> number_type(const Value& value);

}  // namespace thane::torchscript
