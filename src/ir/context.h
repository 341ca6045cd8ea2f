// What an op sees of the world: InferContext while types are derived, KernelContext while it runs.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/threads.h"
#include "ir/graph.h"
#include "ir/value.h"

namespace thane {

// Runs the subgraphs of a control-flow node; implemented by the engine.
class SubgraphRunner {
 public:
  virtual ~SubgraphRunner() = default;
  // Runs subgraph `index` of the node. `inputs` are its formal inputs; captures are added by the runner. Inputs may
  // borrow memory; outputs own theirs.
  virtual Result<std::vector<Value>> run(size_t index, std::span<const Value> inputs) = 0;
};

// Derives types of subgraphs' outputs; implemented by shape inference.
class SubgraphTyper {
 public:
  virtual ~SubgraphTyper() = default;
  // Output types of subgraph `index` given its formal inputs' types.
  virtual Result<std::vector<Type>> infer(size_t index, std::span<const Type> inputs) = 0;
  // How many nodes' bodies the node at hand is inside of.
  virtual int depth() const = 0;
};

// What is known of an integer tensor of rank 0 or 1 whose elements are dimensions: Shape's output and what is computed
// from it. rank 0 has one element.
using DimValues = std::vector<Dim>;

// One edge as inference sees it.
struct Fact {
  Type type;
  std::optional<Tensor> value;          // fully known contents, aligned
  std::optional<DimValues> dim_values;  // for int32/int64 rank ≤ 1: contents, perhaps symbolic
};

class InferContext {
 public:
  InferContext(const Node& node, std::span<const Fact* const> inputs, std::span<Fact> outputs, SubgraphTyper* typer)
      : node_(node), inputs_(inputs), outputs_(outputs), typer_(typer) {}

  size_t num_inputs() const { return inputs_.size(); }
  size_t num_outputs() const { return outputs_.size(); }
  bool has_input(size_t i) const { return i < inputs_.size() && inputs_[i]; }
  bool wants_output(size_t i) const { return i < node_.outputs.size() && node_.outputs[i] != kNoValue; }
  template <class A>
  const A& attrs() const {
    return node_.attrs_as<A>();
  }
  const Node& node() const { return node_; }

  // Of a present input. dims is null when the rank is unknown (or it is no tensor).
  const Type& type(size_t i) const { return inputs_[i]->type; }
  DType dtype(size_t i) const { return inputs_[i]->type.dtype; }
  const SymDims* dims(size_t i) const {
    const Type& t = inputs_[i]->type;
    return t.is_tensor() && t.dims ? &*t.dims : nullptr;
  }
  // Contents, when known before running.
  const Tensor* value(size_t i) const { return has_input(i) && inputs_[i]->value ? &*inputs_[i]->value : nullptr; }
  // Contents as dimensions; also answers for fully known int tensors of rank ≤ 1.
  std::optional<DimValues> dim_values(size_t i) const;
  // Contents as numbers, for axes and the like; nothing unless all are known.
  std::optional<Dims> ints(size_t i) const;

  void set(size_t i, DType dtype, std::optional<SymDims> dims = std::nullopt) {
    set_type(i, Type::tensor(dtype, std::move(dims)));
  }
  void set_type(size_t i, Type type) {
    if (i < outputs_.size()) outputs_[i].type = std::move(type);
  }
  void set_dim_values(size_t i, DimValues values) {
    if (i < outputs_.size()) outputs_[i].dim_values = std::move(values);
  }
  Result<std::vector<Type>> infer_subgraph(size_t index, std::span<const Type> inputs) {
    if (!typer_) return std::vector<Type>(node_.subgraphs[index].graph->outputs.size());
    return typer_->infer(index, inputs);
  }
  int nesting() const { return typer_ ? typer_->depth() : 0; }

 private:
  const Node& node_;
  std::span<const Fact* const> inputs_;
  std::span<Fact> outputs_;
  SubgraphTyper* typer_;
};

// Process-independent randomness for Random*, Dropout, Multinomial: one per run, seeded by the caller.
struct RandomSource {
  uint64_t state;
  uint64_t next();  // splitmix64
};

class KernelContext {
 public:
  KernelContext(const Node& node, std::span<const Value* const> inputs, std::span<Value> outputs, ThreadPool& threads,
                SubgraphRunner* runner, RandomSource* random)
      : node_(node), inputs_(inputs), outputs_(outputs), threads_(threads), runner_(runner), random_(random) {}

  size_t num_inputs() const { return inputs_.size(); }
  size_t num_outputs() const { return outputs_.size(); }
  // Present in the node, and not an empty optional.
  bool has_input(size_t i) const { return i < inputs_.size() && inputs_[i] && !inputs_[i]->empty(); }
  bool wants_output(size_t i) const { return i < node_.outputs.size() && node_.outputs[i] != kNoValue; }
  template <class A>
  const A& attrs() const {
    return node_.attrs_as<A>();
  }
  const Node& node() const { return node_; }

  const Tensor& input(size_t i) const { return inputs_[i]->tensor(); }
  const Value& input_value(size_t i) const { return *inputs_[i]; }

  // Outputs whose shape `infer` gave are there already, uninitialised. An output nobody wants has scratch memory or
  // none: ask wants_output first where the op may skip it.
  Tensor& output(size_t i) { return outputs_[i].tensor(); }
  // For shapes that only running reveals: fresh memory, which replaces whatever was there.
  Result<Tensor*> allocate(size_t i, DType dtype, Dims dims);
  // Sequences, maps, optionals; a tensor that shares an input's memory must be keep()-ed first.
  void set_output(size_t i, Value value) { outputs_[i] = std::move(value); }

  Result<std::vector<Value>> run_subgraph(size_t index, std::span<const Value> inputs) {
    return runner_->run(index, inputs);
  }
  ThreadPool& threads() { return threads_; }
  RandomSource& random() { return *random_; }

 private:
  const Node& node_;
  std::span<const Value* const> inputs_;
  std::span<Value> outputs_;
  ThreadPool& threads_;
  SubgraphRunner* runner_;
  RandomSource* random_;
};

// Axis in [-rank, rank) → [0, rank); an error naming `what` otherwise.
Result<size_t> normalize_axis(int64_t axis, size_t rank, std::string_view what = "axis");
// Same for a list, refusing repetitions.
Result<std::vector<size_t>> normalize_axes(const Dims& axes, size_t rank, std::string_view what = "axes");
// NumPy broadcasting of several shapes; an error when numbers disagree. Symbolic dims: equal ones stay, otherwise a
// number other than 1 wins, else unknown.
Result<SymDims> broadcast(std::span<const SymDims* const> shapes);

}  // namespace thane
