#include "base/format.h"
#include "ir/graph.h"

namespace thane {
namespace {

std::string constant_text(const Tensor& tensor) {
  constexpr int64_t kMost = 8;
  if (tensor.size() > kMost || tensor.dtype() == DType::kString) return "{…}";
  if (tensor.dtype() == DType::kComplex64 || tensor.dtype() == DType::kComplex128 || !tensor.aligned()) return "{…}";
  std::string text = "{";
  for (int64_t i = 0; i < tensor.size(); ++i) text += format("{}{}", i ? ", " : "", tensor.as_double(i));
  return text + "}";
}

void print_graph(const Graph& graph, int depth, std::string& out) {
  const std::string indent(static_cast<size_t>(depth) * 2, ' ');
  const auto name = [&](ValueId id) { return id == kNoValue ? std::string("_") : "%" + graph.values[id].name; };
  const auto typed = [&](ValueId id) {
    return id == kNoValue ? std::string("_") : name(id) + ": " + graph.values[id].type.to_string();
  };
  for (ValueId id : graph.inputs) out += indent + "input " + typed(id) + "\n";
  for (const StateVariable& state : graph.states) out += indent + "state " + typed(state.input) + "\n";
  for (ValueId id = 0; id < graph.values.size(); ++id) {
    if (const Tensor* tensor = graph.constant(id)) {
      out += indent + "const " + typed(id) + " = " + constant_text(*tensor) + "\n";
    }
  }
  for (const Node& node : graph.nodes) {
    std::string line = indent;
    for (size_t i = 0; i < node.outputs.size(); ++i) line += (i ? ", " : "") + typed(node.outputs[i]);
    line += " = " + std::string(domain_prefix(node.op->domain)) + std::string(node.op->name) + "(";
    for (size_t i = 0; i < node.inputs.size(); ++i) line += (i ? ", " : "") + name(node.inputs[i]);
    line += ")";
    if (node.op->attrs && node.attrs) {
      const std::string attrs = to_string(node.op->attrs->unparse(*node.attrs));
      if (!attrs.empty()) line += " " + attrs;
    }
    out += line + "\n";
    for (size_t i = 0; i < node.subgraphs.size(); ++i) {
      const Subgraph& subgraph = node.subgraphs[i];
      out += indent + "  " + std::string(node.op->subgraphs[i]) + " captures(";
      for (size_t j = 0; j < subgraph.captures.size(); ++j) out += (j ? ", " : "") + name(subgraph.captures[j]);
      out += "):\n";
      print_graph(*subgraph.graph, depth + 2, out);
    }
  }
  for (ValueId id : graph.outputs) out += indent + "output " + name(id) + "\n";
  for (const StateVariable& state : graph.states) {
    out += indent + "state " + name(state.input) + " becomes " + name(state.output) + "\n";
  }
}

}  // namespace

std::string to_text(const Graph& graph) {
  std::string out;
  print_graph(graph, 0, out);
  return out;
}

}  // namespace thane
