// Makes graphs node by node. What every importer but ONNX's uses: each node is checked and typed at once, small values
// that depend on shapes and constants alone are known at once, and nested bodies find outer values by themselves.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "formats/lists.h"
#include "ir/context.h"
#include "ir/graph.h"

namespace thane {

class GraphBuilder;

// A value of some builder: of the one at work, or of one around it. Empty: an absent operand.
struct Edge {
  GraphBuilder* owner = nullptr;
  ValueId id = kNoValue;

  bool present() const { return id != kNoValue; }
  friend bool operator==(const Edge&, const Edge&) = default;
  // What is known of it so far. Only when present().
  const Fact& fact() const;
  const Type& type() const { return fact().type; }
  DType dtype() const { return type().dtype; }
  // Null when the rank is unknown or it is no tensor.
  const SymDims* dims() const { return type().is_tensor() && type().dims ? &*type().dims : nullptr; }
  // Contents, when known before running.
  const Tensor* known() const { return fact().value ? &*fact().value : nullptr; }
};

using EdgeList = ListView<Edge>;

class GraphBuilder {
 public:
  GraphBuilder() = default;
  // For the body of a node of `outer`, which must outlive this one.
  explicit GraphBuilder(GraphBuilder& outer) : outer_(&outer) {}
  GraphBuilder(const GraphBuilder&) = delete;
  GraphBuilder& operator=(const GraphBuilder&) = delete;

  // A graph input (of a body: a formal input; all of them before the first node). `contents`, when given, is taken for
  // granted while building.
  Edge input(const std::string& name, Type type, std::optional<Tensor> contents = std::nullopt);
  // Something a session keeps: the graph's input side of it. close_state gives the other side.
  Edge state(const std::string& name, Type type, Tensor initial);
  void set_state(const Edge& state, const Edge& next);

  Edge constant(Tensor tensor, std::string_view name = "const");
  Edge int64s(IntList values);
  Edge int64(int64_t value);
  // A scalar of a numeric or bool dtype; rounded, saturated.
  Result<Edge> scalar(double value, DType dtype);

  // A node of ai.onnx with one output. `name`, when given, names node and output.
  Result<Edge> emit(std::string_view op, EdgeList inputs, AttrList attrs = {}, std::string_view name = {});
  // A node of thane's own domain.
  Result<Edge> emit_own(std::string_view op, EdgeList inputs, AttrList attrs = {}, std::string_view name = {});
  // Views: to be written where it is passed.
  struct NodeSpec {
    std::string_view op;
    EdgeList inputs;  // trailing absent ones are dropped
    size_t outputs = 1;
    AttrList attrs = {};
    std::string_view name = {};
    Domain domain = Domain::kOnnx;
    ListView<GraphBuilder*> bodies = {};  // in the order of OpDef::subgraphs; finished here, empty afterwards
  };
  // The general form. An op that thane lacks, wrong attributes and types that do not fit are errors that name the node.
  Result<std::vector<Edge>> emit(const NodeSpec& spec);

  // Declares what the graph (or body) delivers. A main graph's outputs get exactly these names: an inner value that has
  // the name already is renamed, and a value that is an input, a constant or an output already passes through an
  // Identity. Only where an input has the name does the output become NAME_out. An empty name keeps the value's own.
  Status output(const Edge& edge, const std::string& wanted = {});

  // The finished main graph. The builder is empty afterwards.
  Result<Graph> finish();

  // The id here of a value of this builder or one around it: constants are shared, others become captures.
  ValueId reach(const Edge& edge);
  const Fact& fact(ValueId id) const { return facts_[id]; }
  const Graph& graph() const { return graph_; }
  // Refines what is known of a value's type: what the foreign file declares, where it fits.
  void declare(const Edge& edge, const Type& type);
  // Values of the enclosing builder that this body's last inputs stand for.
  const std::vector<ValueId>& captures() const { return captures_; }

 private:
  Edge add(const std::string& wanted_name, Fact fact);
  std::string unique(const std::string& wanted);
  Subgraph close();

  Graph graph_;
  std::vector<Fact> facts_;
  GraphBuilder* outer_ = nullptr;
  std::vector<ValueId> captures_;
  std::unordered_map<ValueId, ValueId> reached_;  // id in the enclosing graph → here
  std::unordered_set<std::string> names_;
  std::unordered_map<std::string, uint64_t> numbers_;  // how often a name was wanted
};

inline const Fact& Edge::fact() const { return owner->fact(id); }

}  // namespace thane
