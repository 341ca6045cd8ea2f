#include "formats/tensorflow/import.h"

#include <algorithm>

#include "base/format.h"
#include "formats/tensorflow/limits.h"
#include "ops/evaluate.h"

namespace thane::tensorflow {

std::optional<SymDims> to_dims(const ShapeProto& shape) {
  if (shape.unknown_rank) return std::nullopt;
  SymDims dims;
  for (int64_t dim : shape.dims) dims.push_back(dim < 0 ? Dim::unknown() : Dim(dim));
  return dims;
}

Result<std::vector<Item>> Importer::call(std::string_view function, std::vector<Item> arguments, GraphBuilder& builder,
                                         StateScope& scope, int depth) {
  if (depth >= kMostNesting) return nested_too_deeply();
  THANE_ASSIGN(const Body* body, program_.function(function));
  if (!body) return invalid_model(format("there is no function '{}'", function));
  if (arguments.size() < body->arguments) {
    return invalid_model(format("function '{}' is called with {} arguments", function, arguments.size()))
        .expecting(std::to_string(body->arguments));
  }
  THANE_TRY(program_.source.claim(static_cast<int64_t>(body->nodes.size()) * kInlinedNodeBytes));
  Frame frame(*this, *body, builder, scope, depth + 1);
  for (uint32_t i = 0; i < body->arguments; ++i) frame.bind(i, {arguments[i]});
  THANE_ASSIGN(const Effects* effects, program_.effects(*body));
  // Effects in the order the function has them: those nothing reads come last but within the call.
  std::vector<Item> results;
  for (const Ref& result : body->results) {
    THANE_ASSIGN(Item item, frame.demand(result));
    results.push_back(item);
  }
  for (uint32_t node : body->control_results) {
    if (initialising_ || (effects->writes && effects->touches[node])) THANE_TRY(frame.run(node));
  }
  return results;
}

uint32_t Importer::variable_id(const std::string& name, DType dtype, const ShapeProto& shape) {
  const auto [place, fresh] = variable_ids_.emplace(name, static_cast<uint32_t>(variables_.size()));
  if (fresh) variables_.push_back({name, dtype, shape, false, {}});
  return place->second;
}

Result<Edge> Importer::read(uint32_t id, StateScope& scope) {
  for (const StateScope* at = &scope; at; at = at->outer) {
    if (const auto found = at->values.find(id); found != at->values.end()) return found->second;
  }
  Variable& variable = variables_[id];
  if (variable.constant.present()) return variable.constant;
  THANE_ASSIGN(Tensor value, program_.variable(variable.name));
  if (!changing_.contains(variable.name)) {
    variable.constant = root_.constant(std::move(value), variable.name);
    return variable.constant;
  }
  // Variables keep their shape, but for the rare ones declared without.
  variable.constant = root_.state(variable.name, Type::tensor(value.dtype(), to_symbolic(value.dims())), value);
  return variable.constant;
}

void Importer::assign(uint32_t id, StateScope& scope, Edge value) {
  variables_[id].assigned = true;
  scope.values[id] = value;
}

std::set<std::string> Importer::assigned() const {
  std::set<std::string> names;
  for (const Variable& variable : variables_) {
    if (variable.assigned) names.insert(variable.name);
  }
  return names;
}

void Importer::close_states(StateScope& scope) {
  for (const auto& [id, value] : scope.values) {
    const Edge state = variables_[id].constant;
    if (state.present() && changing_.contains(variables_[id].name)) root_.set_state(state, value);
  }
}

uint32_t Importer::table_id(const std::string& name, DType key, DType value) {
  const auto [place, fresh] = table_ids_.emplace(name, static_cast<uint32_t>(table_names_.size()));
  if (fresh) {
    table_names_.push_back(name);
    program_.tables.emplace(name, Table{name, key, value, {}, {}});
  }
  return place->second;
}

Result<Tensor> Importer::compute(const Edge& edge) {
  const Graph& graph = edge.owner->graph();
  // Nodes are in order, so one walk from the back finds what is needed.
  std::vector<bool> needed(graph.values.size(), false);
  // What inference knows already needs no computing.
  const auto known = [&](ValueId id) -> const Tensor* {
    const auto& value = edge.owner->fact(id).value;
    return value ? &*value : graph.constant(id);
  };
  if (const Tensor* value = known(edge.id)) return Tensor(*value);
  needed[edge.id] = true;
  std::vector<const Node*> order;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const Node& node = graph.nodes[i];
    if (std::none_of(node.outputs.begin(), node.outputs.end(),
                     [&](ValueId id) { return id != kNoValue && needed[id]; }))
      continue;
    order.push_back(&node);
    for (ValueId id : node.inputs) {
      if (id != kNoValue && !known(id)) needed[id] = true;
    }
  }
  std::unordered_map<ValueId, Value> values;
  ThreadPool alone(1);
  RandomSource random{0};
  for (auto node = order.rbegin(); node != order.rend(); ++node) {
    std::vector<Value> held((*node)->inputs.size());
    std::vector<const Value*> inputs(held.size(), nullptr);
    for (size_t i = 0; i < held.size(); ++i) {
      const ValueId id = (*node)->inputs[i];
      if (id == kNoValue) continue;
      if (const Tensor* constant = known(id)) {
        THANE_ASSIGN(Tensor copy, constant->aligned() ? Result<Tensor>(*constant) : constant->copy());
        held[i] = Value(std::move(copy));
      } else if (const auto found = values.find(id); found != values.end()) {
        held[i] = found->second;
      } else {
        return unsupported(format("'{}' is not known before running", graph.values[id].name));
      }
      inputs[i] = &held[i];
    }
    if (!(*node)->subgraphs.empty()) return unsupported("control flow among the initialisation ops");
    THANE_ASSIGN(auto results, evaluate(**node, inputs, alone, nullptr, random));
    for (size_t i = 0; i < results.size(); ++i) values[(*node)->outputs[i]] = std::move(results[i]);
  }
  const auto found = values.find(edge.id);
  if (found == values.end() || !found->second.is_tensor()) return unsupported("a value is not known before running");
  return found->second.tensor();
}

}  // namespace thane::tensorflow
