// Foreign graphs → IR graphs: names become ids, bodies become closed subgraphs, functions are inlined.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "formats/onnx/foreign.h"
#include "formats/onnx/rewrite.h"
#include "formats/source.h"
#include "ir/graph.h"

namespace thane::onnx {

using Opsets = std::map<std::string, int64_t, std::less<>>;  // canonical domain → version
Opsets read_opsets(const std::vector<OpsetId>& ids);

// A function being inlined: what its body's attribute references mean.
struct Frame {
  const FunctionProto* function;
  const Frame* caller;  // null: called from the graph itself
  AttrMap attrs;
  std::vector<std::pair<std::string, ForeignGraph>> graphs;
  std::string label;                           // of the call, for names
  std::map<std::string, std::string> results;  // names of the function's outputs → those they have at the call
};

// Fills one IR graph, and reaches into the ones around it for captures.
class GraphFiller {
 public:
  GraphFiller(Graph& graph, GraphFiller* outer) : graph_(graph), outer_(outer) {}

  Graph& graph() { return graph_; }
  // The id in this graph of value `id` of `owner`, which is this graph or one around it: constants are shared, other
  // values become captures of every graph on the way.
  ValueId reach(GraphFiller& owner, ValueId id);
  ValueId add_value(const std::string& wanted_name, Type type);
  ValueId add_constant(const std::string& wanted_name, Tensor tensor);
  // Adds a node, and guesses its outputs' types.
  void append(Node node);
  // With exactly this name; a value that has it already is renamed.
  ValueId add_named(const std::string& name, Type type);
  // Values of the enclosing graph that this one's last inputs stand for.
  std::vector<ValueId> captures;

 private:
  std::string unique(const std::string& wanted);

  Graph& graph_;
  GraphFiller* outer_;
  std::unordered_map<ValueId, ValueId> reached_;  // id in the enclosing graph → here
  std::unordered_set<std::string> names_;
  uint64_t next_ = 0;
};

// Names visible at one place of the file. A body sees its surroundings' names, a function's body only its own.
struct Scope {
  GraphFiller& filler;
  const Scope* outer;  // lexically; null: none
  const Opsets* opsets;
  const Frame* frame;  // null: not in a function
  int depth;
  std::unordered_map<std::string, ValueId> ids;
};

struct Unsupported {
  int64_t count = 0;
  std::vector<std::string> examples;  // node names
};

class Importer {
 public:
  explicit Importer(Source& source) : source_(source) {}

  Status add_functions(const std::vector<Bytes>& messages);
  Result<Graph> import_main(Bytes message, const Opsets& opsets);

 private:
  class NodeSurroundings;
  using FunctionKey = std::array<std::string, 3>;  // domain, name, overload

  Status import_inputs(const GraphProto& proto, Scope& scope, bool main);
  Status import_initializers(const GraphProto& proto, Scope& scope, bool main);
  Status import_nodes(const std::vector<Bytes>& messages, Scope& scope);
  Status import_main_outputs(const GraphProto& proto, Scope& scope);
  Result<Subgraph> import_body(const ForeignGraph& body, Scope& site);

  Result<ForeignNode> foreign(const NodeProto& proto, Scope& scope);
  Status add_attribute(const AttributeProto& attribute, Scope& scope, ForeignNode& node);
  Status import_node(ForeignNode node, Scope& scope);
  Status import_rewritten(ForeignNode node, Scope& scope);
  Status import_gradient(const ForeignNode& node, Scope& scope);
  Status import_constant(const ForeignNode& node, Scope& scope);
  Status import_op(ForeignNode node, Scope& scope);
  Status inline_function(const FunctionProto& function, ForeignNode call, Scope& scope);
  const FunctionProto* find_function(const ForeignNode& node) const;

  Result<ValueId> lookup(Scope& scope, const std::string& name);
  Status define(Scope& scope, const std::string& name, ValueId id);
  static std::string readable_name(const Scope& scope, const std::string& name);
  void note_unsupported(const ForeignNode& node, const std::string& reason);
  Error unsupported_ops() const;

  Source& source_;
  std::map<FunctionKey, FunctionProto> functions_;
  std::map<std::string, Unsupported> unsupported_;
  int64_t made_up_names_ = 0;
  std::deque<std::string> held_;  // messages made up by rewrites
};

}  // namespace thane::onnx
