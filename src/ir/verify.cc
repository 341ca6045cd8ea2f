#include <array>
#include <unordered_set>

#include "base/format.h"
#include "ir/check.h"
#include "ir/graph.h"

namespace thane {
namespace {

// The invariants of one graph; subgraphs by recursion (importers bound the depth).
class Verifier {
 public:
  explicit Verifier(const Graph& graph) : graph_(graph), defined_(graph.values.size(), false) {}

  Status run() {
    THANE_TRY(names());
    for (ValueId id : graph_.inputs) THANE_TRY(define(id, "graph input"));
    for (const StateVariable& state : graph_.states) THANE_TRY(define(state.input, "state"));
    for (size_t i = 0; i < graph_.values.size(); ++i) {
      if (!graph_.values[i].constant) continue;
      if (defined_[i]) return broken(format("constant '{}' is also a graph input", graph_.values[i].name));
      defined_[i] = true;
    }
    for (const Node& each : graph_.nodes) {
      if (auto status = node(each); !status.ok()) {
        return std::move(status).error().at(each.op ? each.label(graph_) : "node without an op");
      }
    }
    for (ValueId id : graph_.outputs) THANE_TRY(use(id, "graph output"));
    for (const StateVariable& state : graph_.states) {
      THANE_TRY(use(state.output, "state"));
      if (!state.initial.defined()) return broken(format("state '{}' has no initial value", state.name));
    }
    return ok();
  }

 private:
  static Error broken(std::string what) { return invalid_model("broken graph: " + std::move(what)); }

  Status names() {
    std::unordered_set<std::string_view> seen;
    for (const ValueInfo& value : graph_.values) {
      if (value.name.empty()) return broken("a value without a name");
      if (!seen.insert(value.name).second) return broken(format("two values named '{}'", value.name));
    }
    return ok();
  }

  Status define(ValueId id, std::string_view role) {
    if (id >= graph_.values.size()) return broken(format("{} has no value", role));
    if (defined_[id]) return broken(format("value '{}' is defined twice", graph_.values[id].name));
    defined_[id] = true;
    return ok();
  }

  Status use(ValueId id, std::string_view role) const {
    if (id >= graph_.values.size()) return broken(format("{} has no value", role));
    if (!defined_[id]) return broken(format("value '{}' is used before it is defined", graph_.values[id].name));
    return ok();
  }

  Status node(const Node& node) {
    if (!node.op) return broken("no op");
    for (ValueId id : node.inputs) {
      if (id != kNoValue) THANE_TRY(use(id, "input"));
    }
    THANE_TRY(check_params(graph_, node));
    if ((node.op->attrs != nullptr) != (node.attrs != nullptr)) return broken("attributes do not match the op");
    if (node.subgraphs.size() != node.op->subgraphs.size()) {
      return broken(format("{} subgraphs", node.subgraphs.size())).expecting(std::to_string(node.op->subgraphs.size()));
    }
    for (const Subgraph& subgraph : node.subgraphs) {
      for (ValueId id : subgraph.captures) THANE_TRY(use(id, "capture"));
      if (subgraph.captures.size() > subgraph.graph->inputs.size()) return broken("more captures than body inputs");
      THANE_TRY(verify(*subgraph.graph));
    }
    for (ValueId id : node.outputs) {
      if (id != kNoValue) THANE_TRY(define(id, "output"));
    }
    return ok();
  }

  const Graph& graph_;
  std::vector<bool> defined_;
};

}  // namespace

Status verify(const Graph& graph) { return Verifier(graph).run(); }

Status check_params(const OpDef& op, std::span<const Type* const> inputs, size_t output_count) {
  const size_t most_inputs = op.input_arity == Arity::kVariadic ? SIZE_MAX : op.inputs.size();
  const auto range = [](int least, size_t most) {
    if (most == SIZE_MAX) return format("at least {}", least);
    return static_cast<size_t>(least) == most ? std::to_string(least) : format("{} to {}", least, most);
  };
  if (inputs.size() < static_cast<size_t>(op.min_inputs) || inputs.size() > most_inputs) {
    return invalid_model(format("{} inputs", inputs.size())).expecting(range(op.min_inputs, most_inputs));
  }
  const size_t most_outputs = op.output_arity == Arity::kVariadic ? SIZE_MAX : op.outputs.size();
  if (output_count < static_cast<size_t>(op.min_outputs) || output_count > most_outputs) {
    return invalid_model(format("{} outputs", output_count)).expecting(range(op.min_outputs, most_outputs));
  }
  std::array<DType, 128> bound{};  // type variable → dtype
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Param& param = *op.input_param(i);
    const Type* type = inputs[i];
    if (!type) {
      const bool repeated = op.input_arity == Arity::kVariadic && i + 1 >= op.inputs.size();
      if (!param.optional && (repeated || i < static_cast<size_t>(op.min_inputs))) {
        return invalid_model(format("required input '{}' (#{}) is absent", param.name, i));
      }
      continue;
    }
    const DTypeMask mask = type->mask();
    if (mask == 0) continue;  // not known yet
    if (!(mask & param.types)) {
      return invalid_model(format("input '{}' (#{}) is {}", param.name, i, type->to_string()))
          .expecting(dtype_mask_names(param.types));
    }
    if (param.variable && type->is_tensor()) {
      DType& dtype = bound[static_cast<size_t>(param.variable) & 127];
      if (dtype == DType::kUndefined) dtype = type->dtype;
      if (dtype != type->dtype) {
        return invalid_model(format("input '{}' (#{}) is {}", param.name, i, type->to_string()))
            .expecting(format("{} as the inputs before it", dtype_name(dtype)));
      }
    }
  }
  return ok();
}

Status check_params(const Graph& graph, const Node& node) {
  std::vector<const Type*> types(node.inputs.size());
  for (size_t i = 0; i < types.size(); ++i) {
    types[i] = node.inputs[i] == kNoValue ? nullptr : &graph.values[node.inputs[i]].type;
  }
  return check_params(*node.op, types, node.outputs.size());
}

}  // namespace thane
