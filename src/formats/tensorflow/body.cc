#include "formats/tensorflow/body.h"

#include <charconv>

#include "base/format.h"

namespace thane::tensorflow {
namespace {

constexpr uint32_t kMostOutputs = 1 << 20;

std::optional<uint32_t> number_of(std::string_view text) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number > kMostOutputs) return std::nullopt;
  return number;
}

Error no_such(std::string_view input, std::string_view node) {
  return invalid_model(format("its input '{}' is nothing in the graph", input)).at(std::string(node));
}

Status add_nodes(const std::vector<NodeDef>& nodes, Body& body) {
  for (const NodeDef& node : nodes) {
    if (!body.index.emplace(node.name, static_cast<uint32_t>(body.nodes.size())).second) {
      return invalid_model(format("two nodes are called '{}'", node.name));
    }
    body.nodes.push_back({&node, {}, {}});
  }
  return ok();
}

// "node:output:index", "node:output" or an argument's name.
Result<Ref> find_in_function(const Body& body, std::string_view text, const Library& library) {
  const size_t colon = text.find(':');
  const auto found = body.index.find(text.substr(0, colon));
  if (found == body.index.end()) return invalid_model(format("'{}' is nothing in the function", text));
  const uint32_t node = found->second;
  if (colon == std::string_view::npos) return Ref{node, 0};
  std::string_view output = text.substr(colon + 1);
  uint32_t offset = 0;
  if (const size_t second = output.find(':'); second != std::string_view::npos) {
    const auto number = number_of(output.substr(second + 1));
    if (!number) return invalid_model(format("'{}' is no output", text));
    offset = *number;
    output = output.substr(0, second);
  } else if (const auto number = number_of(output)) {  // as in graphs
    return Ref{node, *number};
  }
  if (!body.nodes[node].def) return Ref{node, offset};
  const auto position = output_position(*body.nodes[node].def, output, library);
  if (!position) return invalid_model(format("{} has no output '{}'", body.op(node), output));
  return Ref{node, *position + offset};
}

}  // namespace

Result<Ref> find_output(const Body& body, std::string_view name) {
  const size_t colon = name.rfind(':');
  std::optional<uint32_t> output = 0;
  std::string_view node = name;
  if (colon != std::string_view::npos) {
    output = number_of(name.substr(colon + 1));
    node = name.substr(0, colon);
  }
  const auto found = body.index.find(node);
  if (found == body.index.end() || !output) return invalid_model(format("there is no value '{}'", name));
  return Ref{found->second, *output};
}

Result<Body> body_of(const GraphDef& graph) {
  Body body;
  body.name = "graph";
  THANE_TRY(add_nodes(graph.nodes, body));
  for (Body::Node& node : body.nodes) {
    for (std::string_view input : node.def->inputs) {
      if (input.starts_with('^')) {
        const auto found = body.index.find(input.substr(1));
        if (found == body.index.end()) return no_such(input, node.def->name);
        node.controls.push_back(found->second);
        continue;
      }
      auto ref = find_output(body, input);
      if (!ref.ok()) return no_such(input, node.def->name);
      node.inputs.push_back(*ref);
    }
  }
  THANE_TRY(analyse_control_flow(body));
  return body;
}

Result<Body> body_of(const FunctionDef& function, const Library& library) {
  Body body;
  body.name = std::string(function.name);
  for (const ArgDef& arg : function.inputs) {
    if (!arg.number_attr.empty() || !arg.type_list_attr.empty()) {
      return unsupported(format("argument '{}' of function '{}' is a list", arg.name, function.name));
    }
    body.index.emplace(arg.name, static_cast<uint32_t>(body.nodes.size()));
    body.nodes.push_back({});
  }
  body.arguments = body.nodes.size();
  THANE_TRY(add_nodes(function.nodes, body));
  for (Body::Node& node : body.nodes) {
    if (!node.def) continue;
    for (std::string_view input : node.def->inputs) {
      if (input.starts_with('^')) {
        const auto found = body.index.find(input.substr(1));
        if (found == body.index.end()) return no_such(input, node.def->name);
        node.controls.push_back(found->second);
        continue;
      }
      auto ref = find_in_function(body, input, library);
      if (!ref.ok()) return std::move(ref).error().at(std::string(node.def->name)).at(body.name);
      node.inputs.push_back(*ref);
    }
  }
  for (const ArgDef& output : function.outputs) {
    const auto found = function.results.find(output.name);
    if (found == function.results.end()) {
      return invalid_model(format("function '{}' does not say what '{}' is", function.name, output.name));
    }
    auto ref = find_in_function(body, found->second, library);
    if (!ref.ok()) return std::move(ref).error().at(body.name);
    body.results.push_back(*ref);
  }
  for (std::string_view name : function.control_results) {
    const auto found = body.index.find(name);
    if (found != body.index.end()) body.control_results.push_back(found->second);
  }
  THANE_TRY(analyse_control_flow(body));
  return body;
}

}  // namespace thane::tensorflow
