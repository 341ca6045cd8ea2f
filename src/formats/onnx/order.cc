#include "formats/onnx/order.h"

#include <functional>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "base/format.h"
#include "formats/onnx/attributes.h"
#include "formats/onnx/limits.h"

namespace thane::onnx {
namespace {

// Calls f(name) for each name that a node's bodies use, at any depth. Names the bodies define themselves are among
// them: a dependency too many, where names are shadowed, which ONNX forbids.
using NameVisitor = std::function<void(std::string_view)>;
Status visit_body_names(const NodeProto& node, const NameVisitor& f, int depth = 0) {
  if (depth > kMostNesting) return nested_too_deeply();
  for (const AttributeProto& attribute : node.attributes) {
    if (!holds_graphs(attribute)) continue;
    THANE_ASSIGN(const std::vector<Bytes> graphs, read_graphs(attribute));
    for (const Bytes& bytes : graphs) {
      THANE_ASSIGN(const GraphProto graph, decode_graph(bytes));
      std::unordered_set<std::string_view> own;
      for (const auto& input : graph.inputs) own.insert(input.name);
      std::vector<NodeProto> inner;
      for (const Bytes& message : graph.nodes) {
        THANE_ASSIGN(NodeProto each, decode_node(message));
        own.insert(each.outputs.begin(), each.outputs.end());
        inner.push_back(std::move(each));
      }
      const NameVisitor outer = [&](std::string_view name) {
        if (!own.contains(name)) f(name);
      };
      for (const NodeProto& each : inner) {
        for (const auto& name : each.inputs) outer(name);
        THANE_TRY(visit_body_names(each, outer, depth + 1));
      }
      for (const auto& output : graph.outputs) outer(output.name);
    }
  }
  return ok();
}

// Kahn's algorithm, the lowest index first.
Result<std::vector<size_t>> sort(const std::vector<NodeProto>& nodes, const std::vector<std::vector<size_t>>& needs) {
  std::vector<size_t> missing(nodes.size());
  std::vector<std::vector<size_t>> users(nodes.size());
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t i = 0; i < nodes.size(); ++i) {
    missing[i] = needs[i].size();
    for (size_t producer : needs[i]) users[producer].push_back(i);
    if (missing[i] == 0) ready.push(i);
  }
  std::vector<size_t> order;
  while (!ready.empty()) {
    const size_t i = ready.top();
    ready.pop();
    order.push_back(i);
    for (size_t user : users[i]) {
      if (--missing[user] == 0) ready.push(user);
    }
  }
  if (order.size() == nodes.size()) return order;
  size_t stuck = 0;
  while (missing[stuck] == 0) ++stuck;
  const NodeProto& node = nodes[stuck];
  return invalid_model(format("the nodes form a cycle through {} '{}'", node.op_type,
                              node.name.empty() && !node.outputs.empty() ? node.outputs[0] : node.name))
      .expecting("an acyclic graph");
}

}  // namespace

Result<std::vector<size_t>> topological_order(const std::vector<NodeProto>& nodes) {
  std::unordered_map<std::string_view, size_t> producers;
  for (size_t i = 0; i < nodes.size(); ++i) {
    for (const auto& name : nodes[i].outputs) {
      if (!name.empty() && !producers.emplace(name, i).second) {
        return invalid_model(format("'{}' is produced twice", name)).expecting("one producer for each name");
      }
    }
  }
  bool in_order = true;
  std::vector<std::vector<size_t>> needs(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto need = [&](std::string_view name) {
      const auto found = producers.find(name);
      if (name.empty() || found == producers.end()) return;
      needs[i].push_back(found->second);
      in_order &= found->second < i;
    };
    for (const auto& name : nodes[i].inputs) need(name);
    THANE_TRY(visit_body_names(nodes[i], need));
  }
  if (!in_order) return sort(nodes, needs);
  std::vector<size_t> order(nodes.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  return order;
}

}  // namespace thane::onnx
