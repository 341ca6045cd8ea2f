#include "formats/graph_builder.h"

#include <algorithm>

#include "base/format.h"
#include "ops/convert.h"
#include "ops/infer.h"
#include "ops/table.h"

namespace thane {
namespace {

// Names of the form that Graph::fresh_name makes would collide with it.
bool looks_fresh(const std::string& name) {
  const size_t percent = name.rfind('%');
  return percent != std::string::npos && name.find_first_not_of("0123456789", percent + 1) == std::string::npos;
}

}  // namespace

std::string GraphBuilder::unique(const std::string& wanted) {
  std::string stem = wanted.empty() ? "value" : looks_fresh(wanted) ? wanted + "_" : wanted;
  std::string name = stem;
  while (!names_.insert(name).second) name = format("{}.{}", stem, ++numbers_[stem]);
  return name;
}

Edge GraphBuilder::add(const std::string& wanted_name, Fact fact) {
  const ValueId id = graph_.add_value(unique(wanted_name), fact.type);
  facts_.resize(graph_.values.size());
  facts_[id] = std::move(fact);
  return {this, id};
}

Edge GraphBuilder::input(const std::string& name, Type type, std::optional<Tensor> contents) {
  const Edge edge = add(name, {std::move(type), std::move(contents), std::nullopt});
  graph_.inputs.push_back(edge.id);
  return edge;
}

Edge GraphBuilder::state(const std::string& name, Type type, Tensor initial) {
  const Edge edge = add(name, {std::move(type), std::nullopt, std::nullopt});
  graph_.states.push_back({name, edge.id, edge.id, std::move(initial)});
  return edge;
}

void GraphBuilder::set_state(const Edge& state, const Edge& next) {
  for (StateVariable& variable : graph_.states) {
    if (variable.input == state.id) variable.output = reach(next);
  }
}

Edge GraphBuilder::constant(Tensor tensor, std::string_view name) {
  const ValueId id = graph_.add_constant(unique(std::string(name)), std::move(tensor));
  facts_.resize(graph_.values.size());
  facts_[id] = fact_of_constant(*graph_.values[id].constant);
  return {this, id};
}

Edge GraphBuilder::int64s(IntList values) {
  return constant(Tensor::vector(std::span<const int64_t>(values.begin(), values.size())));
}

Edge GraphBuilder::int64(int64_t value) { return constant(Tensor::scalar(value)); }

Result<Edge> GraphBuilder::scalar(double value, DType dtype) {
  if (!(mask_of(dtype) & kConvertible)) return unsupported(format("a number of dtype {}", dtype_name(dtype)));
  THANE_ASSIGN(Tensor tensor, Tensor::allocate(dtype, {}));
  convert_elements(DType::kFloat64, &value, dtype, tensor.raw(), 1);
  return constant(std::move(tensor));
}

Result<Edge> GraphBuilder::emit(std::string_view op, EdgeList inputs, AttrList attrs, std::string_view name) {
  THANE_ASSIGN(auto outputs, emit({.op = op, .inputs = inputs, .attrs = attrs, .name = name}));
  return outputs[0];
}

Result<Edge> GraphBuilder::emit_own(std::string_view op, EdgeList inputs, AttrList attrs, std::string_view name) {
  THANE_ASSIGN(auto outputs,
               emit({.op = op, .inputs = inputs, .attrs = attrs, .name = name, .domain = Domain::kThane}));
  return outputs[0];
}

Result<std::vector<Edge>> GraphBuilder::emit(const NodeSpec& spec) {
  const std::string label = spec.name.empty() ? std::string(spec.op) : format("{} '{}'", spec.op, spec.name);
  const OpDef* op = find_op(spec.domain, spec.op);
  if (!op) return unsupported(format("there is no op {}{}", domain_prefix(spec.domain), spec.op)).at(label);
  Node node;
  node.op = op;
  node.name = spec.name;
  for (const Edge& edge : spec.inputs) node.inputs.push_back(edge.present() ? reach(edge) : kNoValue);
  while (!node.inputs.empty() && node.inputs.back() == kNoValue) node.inputs.pop_back();
  const AttrMap foreign = spec.attrs.to_map();
  if (op->attrs) {
    auto attrs = op->attrs->parse(foreign);
    if (!attrs.ok()) return std::move(attrs).error().at(label);
    node.attrs = std::move(*attrs);
  } else if (!foreign.empty()) {
    return attrs_detail::unknown_attribute(foreign.begin()->first).at(label);
  }
  if (spec.bodies.size() != op->subgraphs.size()) {
    return invalid_model(format("{} bodies", spec.bodies.size()))
        .expecting(std::to_string(op->subgraphs.size()))
        .at(label);
  }
  for (GraphBuilder* body : spec.bodies) {
    assert(body->outer_ == this);
    node.subgraphs.push_back(body->close());
  }
  const std::string stem(spec.name.empty() ? spec.op : spec.name);
  std::vector<Edge> outputs;
  for (size_t i = 0; i < spec.outputs; ++i) {
    outputs.push_back(add(i == 0 ? stem : format("{}:{}", stem, i), {}));
    node.outputs.push_back(outputs.back().id);
  }
  THANE_TRY(infer_next(graph_, node, facts_));
  for (const Edge& edge : outputs) graph_.values[edge.id].type = facts_[edge.id].type;
  graph_.nodes.push_back(std::move(node));
  return outputs;
}

ValueId GraphBuilder::reach(const Edge& edge) {
  if (edge.owner == this) return edge.id;
  assert(outer_ && "the owner is no builder around this one");
  const ValueId outside = outer_->reach(edge);
  const auto [place, fresh] = reached_.try_emplace(outside, kNoValue);
  if (!fresh) return place->second;
  const ValueInfo& value = outer_->graph_.values[outside];
  if (value.constant) return place->second = constant(*value.constant, value.name).id;
  const ValueId id = add(value.name, outer_->facts_[outside]).id;
  graph_.inputs.push_back(id);
  captures_.push_back(outside);
  return reached_[outside] = id;
}

void GraphBuilder::declare(const Edge& edge, const Type& type) {
  GraphBuilder& owner = *edge.owner;
  owner.facts_[edge.id].type = merge_known(owner.facts_[edge.id].type, type);
  owner.graph_.values[edge.id].type = owner.facts_[edge.id].type;
}

Status GraphBuilder::output(const Edge& edge, const std::string& wanted) {
  ValueId id = reach(edge);
  std::string name = wanted;
  for (const ValueId input : graph_.all_inputs()) {
    if (graph_.values[input].name == wanted) name = unique(wanted + "_out");
  }
  if (!name.empty() && graph_.values[id].name != name) {
    const auto taken = [&](const std::vector<ValueId>& ids) {
      return std::find(ids.begin(), ids.end(), id) != ids.end();
    };
    if (graph_.values[id].constant || taken(graph_.all_inputs()) || taken(graph_.outputs)) {
      THANE_ASSIGN(const Edge copy, emit("Identity", {edge}, {}));
      id = copy.id;
    }
    for (ValueInfo& value : graph_.values) {
      if (value.name == name) value.name = unique(name);
    }
    names_.insert(name);
    graph_.values[id].name = name;
  }
  graph_.outputs.push_back(id);
  return ok();
}

Subgraph GraphBuilder::close() {
  Subgraph subgraph{std::make_unique<Graph>(std::move(graph_)), std::move(captures_)};
  graph_ = {};
  captures_.clear();
  facts_.clear();
  reached_.clear();
  names_.clear();
  return subgraph;
}

Result<Graph> GraphBuilder::finish() {
  assert(!outer_);
  Graph graph = std::move(*close().graph);
  THANE_TRY(verify(graph));
  return graph;
}

}  // namespace thane
