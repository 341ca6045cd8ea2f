#include "base/format.h"
#include "formats/onnx/import.h"
#include "ir/check.h"
#include "ir/context.h"

namespace thane::onnx {
namespace {

// Names of the form that Graph::fresh_name makes would collide with it.
bool looks_fresh(const std::string& name) {
  const size_t percent = name.rfind('%');
  return percent != std::string::npos && name.find_first_not_of("0123456789", percent + 1) == std::string::npos;
}

}  // namespace

std::string GraphFiller::unique(const std::string& wanted) {
  std::string name = looks_fresh(wanted) ? wanted + "_" : wanted;
  while (name.empty() || !names_.insert(name).second) name = format("{}.{}", wanted, ++next_);
  return name;
}

ValueId GraphFiller::add_value(const std::string& wanted_name, Type type) {
  return graph_.add_value(unique(wanted_name), std::move(type));
}

ValueId GraphFiller::add_constant(const std::string& wanted_name, Tensor tensor) {
  return graph_.add_constant(unique(wanted_name), std::move(tensor));
}

ValueId GraphFiller::add_named(const std::string& name, Type type) {
  if (!names_.insert(name).second) {
    for (ValueInfo& value : graph_.values) {
      if (value.name == name) value.name = unique(name);
    }
  }
  return graph_.add_value(name, std::move(type));
}

namespace {

// What upgrades need to know of the values before them. It is no more than a guess: inference over the whole graph
// follows, and reports what is wrong.
void guess_types(const Node& node, Graph& graph) {
  constexpr int64_t kMostValues = 64;
  std::vector<Fact> facts(node.inputs.size()), outputs(node.outputs.size());
  std::vector<const Fact*> inputs(node.inputs.size(), nullptr);
  for (size_t i = 0; i < facts.size(); ++i) {
    if (node.inputs[i] == kNoValue) continue;
    facts[i].type = graph.values[node.inputs[i]].type;
    inputs[i] = &facts[i];
    const Tensor* constant = graph.constant(node.inputs[i]);
    if (!constant || constant->size() > kMostValues) continue;
    if (auto copy = constant->copy(); copy.ok()) facts[i].value = std::move(*copy);
  }
  if (!check_params(graph, node).ok()) return;
  InferContext context(node, inputs, outputs, nullptr);
  if (!node.op->infer(context).ok()) return;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (node.outputs[i] != kNoValue) graph.values[node.outputs[i]].type = std::move(outputs[i].type);
  }
}

}  // namespace

void GraphFiller::append(Node node) {
  guess_types(node, graph_);
  graph_.nodes.push_back(std::move(node));
}

ValueId GraphFiller::reach(GraphFiller& owner, ValueId id) {
  if (this == &owner || id == kNoValue) return id;
  assert(outer_ && "the owner is no graph around this one");
  const ValueId outside = outer_->reach(owner, id);
  const auto [place, fresh] = reached_.try_emplace(outside, kNoValue);
  if (!fresh) return place->second;
  const ValueInfo& value = outer_->graph_.values[outside];
  if (value.constant) {
    place->second = add_constant(value.name, *value.constant);
  } else {
    place->second = add_value(value.name, value.type);
    graph_.inputs.push_back(place->second);
    captures.push_back(outside);
  }
  return place->second;
}

}  // namespace thane::onnx
