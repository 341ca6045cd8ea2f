#include "ir/graph.h"

#include <algorithm>
#include <charconv>

#include "base/format.h"

namespace thane {

std::string_view domain_prefix(Domain domain) {
  switch (domain) {
    case Domain::kOnnx: return "";
    case Domain::kMl: return "ml.";
    case Domain::kPreview: return "preview.";
    case Domain::kThane: return "thane.";
  }
  return "";
}

std::string Node::label(const Graph& graph) const {
  std::string text = std::string(domain_prefix(op->domain)) + std::string(op->name);
  if (!name.empty()) return text + " '" + name + "'";
  for (ValueId id : outputs) {
    if (id != kNoValue && id < graph.values.size()) return text + " → '" + graph.values[id].name + "'";
  }
  return text;
}

ValueId Graph::add_value(std::string value_name, Type type) {
  values.push_back({std::move(value_name), std::move(type), std::nullopt});
  return static_cast<ValueId>(values.size() - 1);
}

ValueId Graph::add_constant(std::string value_name, Tensor tensor) {
  const Type type = Type::tensor(tensor.dtype(), to_symbolic(tensor.dims()));
  values.push_back({std::move(value_name), type, std::move(tensor)});
  return static_cast<ValueId>(values.size() - 1);
}

std::string Graph::fresh_name(const std::string& stem) {
  // Fresh names end in %number; those the graph has already (from its file) set where counting starts.
  if (next_name_ == 0) {
    for (const ValueInfo& value : values) {
      const size_t mark = value.name.rfind('%');
      if (mark == std::string::npos) continue;
      uint64_t number = 0;
      const char* end = value.name.data() + value.name.size();
      const auto parsed = std::from_chars(value.name.data() + mark + 1, end, number);
      if (parsed.ec == std::errc() && parsed.ptr == end && number < UINT64_MAX / 2) {
        next_name_ = std::max(next_name_, number + 1);
      }
    }
  }
  return format("{}%{}", stem, next_name_++);
}

std::vector<ValueId> Graph::all_inputs() const {
  std::vector<ValueId> ids = inputs;
  for (const StateVariable& state : states) ids.push_back(state.input);
  return ids;
}

std::vector<ValueId> Graph::all_outputs() const {
  std::vector<ValueId> ids = outputs;
  for (const StateVariable& state : states) ids.push_back(state.output);
  return ids;
}

Graph Graph::clone() const {
  Graph copy;
  copy.name = name;
  copy.values = values;
  copy.inputs = inputs;
  copy.outputs = outputs;
  copy.states = states;
  copy.next_name_ = next_name_;
  copy.nodes.reserve(nodes.size());
  for (const Node& node : nodes) {
    Node twin{node.op, node.name, node.inputs, node.outputs, node.attrs, {}};
    for (const Subgraph& subgraph : node.subgraphs) {
      twin.subgraphs.push_back({std::make_unique<Graph>(subgraph.graph->clone()), subgraph.captures});
    }
    copy.nodes.push_back(std::move(twin));
  }
  return copy;
}

}  // namespace thane
