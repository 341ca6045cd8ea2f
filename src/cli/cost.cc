#include "cli/cost.h"

#include "api/macs.h"
#include "api/pipeline.h"
#include "engine/plan.h"
#include "ir/value.h"
#include "ops/infer.h"

namespace thane::cli {
namespace {

// Adds up each graph's nodes with the types inference last found for it.
class MacCounter : public FactSink {
 public:
  void visit(const Graph& graph, const std::vector<Fact>& facts) override {
    Sum& sum = sums_[&graph] = {};
    for (const Node& node : graph.nodes) {
      const auto types = [&](const std::vector<ValueId>& ids) {
        std::vector<const Type*> out;
        for (ValueId id : ids) out.push_back(id == kNoValue ? nullptr : &facts[id].type);
        return out;
      };
      const auto count = macs(node, types(node.inputs), types(node.outputs));
      if (!count)
        sum.complete = false;
      else if (*count > 0)
        sum.by_op[std::string(domain_prefix(node.op->domain)) + std::string(node.op->name)] += *count;
    }
  }

  void add_to(Cost& cost) const {
    for (const auto& [graph, sum] : sums_) {
      cost.macs_complete &= sum.complete;
      for (const auto& [op, count] : sum.by_op) {
        cost.macs_by_op[op] += count;
        cost.macs += count;
      }
    }
  }

 private:
  struct Sum {
    bool complete = true;
    std::map<std::string, double> by_op;
  };
  std::map<const Graph*, Sum> sums_;
};

int64_t bytes_of(const Type& type, bool& complete) {
  if (type.has_concrete_dims() && type.dtype != DType::kString) {
    const Dim count = count_of(*type.dims);
    if (const auto bytes = count.is_number() ? byte_count(type.dtype, count.number()) : std::nullopt) {
      return static_cast<int64_t>(*bytes);
    }
  }
  complete = false;
  return 0;
}

}  // namespace

Result<Cost> cost_of(const Model& model, const std::vector<Type>& inputs, const PipelineOptions& options) {
  Cost cost;
  std::vector<Fact> facts;
  for (const Type& type : inputs) facts.push_back({type, std::nullopt, std::nullopt});
  MacCounter counter;
  std::vector<Type> all_types = inputs;
  for (const StateVariable& state : model.graph.states) {
    all_types.push_back(Value(state.initial).type());
    facts.push_back({all_types.back(), std::nullopt, std::nullopt});
  }
  THANE_ASSIGN(const Graph imported, imported_graph(model, inputs));
  THANE_TRY(infer_graph(imported, facts, &counter));
  counter.add_to(cost);

  THANE_ASSIGN(const Graph graph, prepared_graph(model, inputs, options));
  THANE_ASSIGN(const std::unique_ptr<Plan> plan, Plan::create(graph, all_types, options.session, {}));
  cost.arena_bytes = plan->arena_bytes();
  for (const Type& type : inputs) cost.input_bytes += bytes_of(type, cost.memory_complete);
  for (const Step& step : plan->steps()) {
    if (step.dynamic) cost.memory_complete = false;
  }
  for (SlotId id : plan->output_slots()) {
    const Slot& slot = plan->slots()[id];
    if (slot.kind == Slot::Kind::kDynamic || slot.kind == Slot::Kind::kInput) continue;
    const Dim count = count_of(to_symbolic(slot.dims));
    const auto bytes = count.is_number() ? byte_count(slot.dtype, count.number()) : std::nullopt;
    cost.output_bytes += bytes ? static_cast<int64_t>(*bytes) : 0;
  }
  return cost;
}

}  // namespace thane::cli
