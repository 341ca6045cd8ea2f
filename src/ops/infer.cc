#include "ops/infer.h"

#include <unordered_map>

#include "base/checked.h"
#include "base/format.h"
#include "ir/check.h"
#include "ir/unaligned.h"
#include "ops/evaluate.h"

namespace thane {
namespace {

// Results up to this many elements are computed during inference.
constexpr int64_t kFoldedElements = kSmallConstant;

bool foldable(const Node& node) {
  return node.subgraphs.empty() && !node.op->has(kNondeterministic) && !node.op->has(kStateful) &&
         !node.op->has(kHeavy);
}

Fact constant_fact(const Type& type, const Tensor& constant) {
  Fact fact{type, std::nullopt, std::nullopt};
  if (constant.aligned()) {
    fact.value = constant;
  } else if (constant.size() <= kFoldedElements) {
    if (auto copy = constant.copy(); copy.ok()) fact.value = std::move(*copy);
  }
  return fact;
}

class GraphInference {
 public:
  GraphInference(const Graph& graph, FactSink* sink, int depth) : graph_(graph), sink_(sink), depth_(depth) {}

  Result<std::vector<Fact>> run(std::span<const Fact> inputs) {
    const std::vector<ValueId> ids = graph_.all_inputs();
    if (inputs.size() != ids.size()) {
      return invalid_model(format("{} inputs for a graph of {}", inputs.size(), ids.size()));
    }
    facts_.resize(graph_.values.size());
    for (ValueId id = 0; id < graph_.values.size(); ++id) {
      if (const Tensor* constant = graph_.constant(id)) facts_[id] = constant_fact(graph_.values[id].type, *constant);
    }
    for (size_t i = 0; i < inputs.size(); ++i) facts_[ids[i]] = inputs[i];
    for (const Node& node : graph_.nodes) {
      if (auto status = infer(node); !status.ok()) return std::move(status).error().at(node.label(graph_));
    }
    if (sink_) sink_->visit(graph_, facts_);
    return std::move(facts_);
  }

  // One node more, where `facts` holds what is known of the values so far.
  Status extend(const Node& node, std::vector<Fact>& facts) {
    facts.resize(graph_.values.size());
    facts_.swap(facts);
    auto status = infer(node);
    facts_.swap(facts);
    if (!status.ok()) return std::move(status).error().at(node.label(graph_));
    return status;
  }

 private:
  // Types the bodies of one node: formal inputs as the op says, captures as known here.
  class Typer : public SubgraphTyper {
   public:
    Typer(const GraphInference& outer, const Node& node) : outer_(outer), node_(node) {}
    Result<std::vector<Type>> infer(size_t index, std::span<const Type> inputs) override {
      const Subgraph& subgraph = node_.subgraphs[index];
      std::vector<Fact> facts;
      for (const Type& type : inputs) facts.push_back({type, std::nullopt, std::nullopt});
      for (ValueId id : subgraph.captures) facts.push_back(outer_.facts_[id]);
      if (facts.size() != subgraph.graph->inputs.size()) {
        return invalid_model(format("body '{}' has {} inputs", node_.op->subgraphs[index],
                                    subgraph.graph->inputs.size() - subgraph.captures.size()))
            .expecting(std::to_string(inputs.size()));
      }
      // What the body itself declares helps where the caller knows nothing.
      for (size_t i = 0; i < inputs.size(); ++i) {
        if (!facts[i].type.known()) facts[i].type = subgraph.graph->values[subgraph.graph->inputs[i]].type;
      }
      GraphInference inference(*subgraph.graph, outer_.sink_, outer_.depth_ + 1);
      THANE_ASSIGN(const std::vector<Fact> body, inference.run(facts));
      std::vector<Type> types;
      for (ValueId id : subgraph.graph->outputs) types.push_back(body[id].type);
      return types;
    }
    int depth() const override { return outer_.depth_; }

   private:
    const GraphInference& outer_;
    const Node& node_;
  };

  Status infer(const Node& node) {
    std::vector<const Fact*> inputs(node.inputs.size(), nullptr);
    std::vector<const Type*> types(node.inputs.size(), nullptr);
    bool all_known = true;
    bool all_dims_known = true;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (node.inputs[i] == kNoValue) continue;
      inputs[i] = &facts_[node.inputs[i]];
      types[i] = &inputs[i]->type;
      all_known &= inputs[i]->value.has_value();
      THANE_TRY(check_shape(*types[i], "an input"));
    }
    THANE_TRY(check_params(*node.op, types, node.outputs.size()));
    std::vector<Fact> outputs(node.outputs.size());
    Typer typer(*this, node);
    InferContext context(node, inputs, outputs, &typer);
    THANE_TRY(node.op->infer(context));
    for (const Fact& fact : outputs) {
      all_dims_known &= fact.type.has_concrete_dims();
      THANE_TRY(check_shape(fact.type, "an output"));
    }
    if (all_dims_known) materialise(outputs);
    if (all_known && all_dims_known && foldable(node)) fold(node, inputs, outputs);
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (node.outputs[i] != kNoValue) facts_[node.outputs[i]] = std::move(outputs[i]);
    }
    return ok();
  }

  // So that no count of elements or bytes that is computed from dimensions overflows.
  static Status check_shape(const Type& type, std::string_view which) {
    if (!type.is_tensor() || !type.dims) return ok();
    constexpr int64_t kMostBytesPerElement = 16;
    std::optional<int64_t> bytes = kMostBytesPerElement;
    for (const Dim& dim : *type.dims) {
      if (!dim.is_number() || dim.number() == 0) continue;
      if (bytes) bytes = dim.number() < 0 ? std::nullopt : checked_mul(*bytes, dim.number());
    }
    if (bytes) return ok();
    return invalid_model(format("{} of shape {}", which, to_string(*type.dims)))
        .expecting("dimensions of 0 or more, and fewer than 2^59 elements");
  }

  // Dimension values that turned out to be plain numbers become contents.
  static void materialise(std::vector<Fact>& outputs) {
    for (Fact& fact : outputs) {
      if (!fact.dim_values || fact.value || !all_numbers(*fact.dim_values)) continue;
      const bool is64 = fact.type.dtype == DType::kInt64;
      if (!is64 && fact.type.dtype != DType::kInt32) continue;
      auto tensor = Tensor::allocate(fact.type.dtype, to_numbers(*fact.type.dims));
      if (!tensor.ok() || tensor->size() != static_cast<int64_t>(fact.dim_values->size())) continue;
      for (int64_t i = 0; i < tensor->size(); ++i) {
        const int64_t number = (*fact.dim_values)[static_cast<size_t>(i)].number();
        if (is64)
          tensor->data<int64_t>()[i] = number;
        else
          tensor->data<int32_t>()[i] = static_cast<int32_t>(number);
      }
      fact.value = std::move(*tensor);
    }
  }

  // Computes small outputs from known inputs. A failure here is not an error: it will be one when the node runs.
  static void fold(const Node& node, const std::vector<const Fact*>& inputs, std::vector<Fact>& outputs) {
    bool needed = false;
    for (const Fact& fact : outputs) {
      const Dim count = count_of(*fact.type.dims);
      if (!count.is_number() || count.number() > kFoldedElements) return;
      needed |= !fact.value;
    }
    if (!needed) return;
    std::vector<Value> values(inputs.size());
    std::vector<const Value*> pointers(inputs.size(), nullptr);
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!inputs[i]) continue;
      values[i] = Value(*inputs[i]->value);
      pointers[i] = &values[i];
    }
    static ThreadPool alone(1);
    RandomSource random{0};
    auto results = evaluate(node, pointers, alone, nullptr, random);
    if (!results.ok()) return;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if ((*results)[i].is_tensor()) outputs[i].value = (*results)[i].tensor();
    }
  }

  const Graph& graph_;
  FactSink* sink_;
  int depth_;  // of nested bodies
  std::vector<Fact> facts_;
};

class TypeRecorder : public FactSink {
 public:
  void visit(const Graph& graph, const std::vector<Fact>& facts) override {
    auto& types = types_[&graph];
    types.clear();
    for (const Fact& fact : facts) types.push_back(fact.type);
  }
  void write(Graph& graph) const {
    for_each_graph(graph, [&](Graph& each, int) {
      const auto found = types_.find(&each);
      if (found == types_.end()) return;
      for (size_t i = 0; i < each.values.size(); ++i) {
        each.values[i].type = merge_known(found->second[i], each.values[i].type);
      }
    });
  }

 private:
  std::unordered_map<const Graph*, std::vector<Type>> types_;
};

}  // namespace

Result<std::vector<Fact>> infer_graph(const Graph& graph, std::span<const Fact> inputs, FactSink* sink) {
  return GraphInference(graph, sink, 0).run(inputs);
}

Fact fact_of_constant(const Tensor& constant) {
  return constant_fact(Type::tensor(constant.dtype(), to_symbolic(constant.dims())), constant);
}

Status infer_next(const Graph& graph, const Node& node, std::vector<Fact>& facts) {
  return GraphInference(graph, nullptr, 0).extend(node, facts);
}

Status annotate_types(Graph& graph) {
  std::vector<Fact> inputs;
  for (ValueId id : graph.all_inputs()) inputs.push_back({graph.values[id].type, std::nullopt, std::nullopt});
  TypeRecorder recorder;
  THANE_ASSIGN(const auto facts, infer_graph(graph, inputs, &recorder));
  recorder.write(graph);
  return ok();
}

}  // namespace thane
