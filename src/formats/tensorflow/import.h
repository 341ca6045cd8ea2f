// Program → Graph. Nodes are translated on demand, from the outputs asked for backwards, each by its row in a table;
// functions are inlined, and control flow of both kinds becomes If and Loop.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "formats/graph_builder.h"
#include "formats/tensorflow/program.h"

namespace thane::tensorflow {

class Call;

// What an output of a TensorFlow node is while it is being translated.
struct Item {
  enum class Kind : uint8_t {
    kNone,      // nobody may read it
    kTensor,    // `edge`; TensorLists, and the flow of TensorArrays, are sequences
    kComplex,   // `edge`, real with a last axis of 2
    kVariable,  // `id` into Importer::variables
    kTable,
    kArray,  // a TensorArray's handle; its contents are the flow
  };
  Kind kind = Kind::kNone;
  Edge edge = {};
  uint32_t id = 0;

  static Item tensor(Edge edge) { return {Kind::kTensor, edge, 0}; }
  static Item complex(Edge edge) { return {Kind::kComplex, edge, 0}; }
  static Item handle(Kind kind, uint32_t id) { return {kind, {}, id}; }
  bool is_edge() const { return kind == Kind::kTensor || kind == Kind::kComplex; }
  friend bool operator==(const Item&, const Item&) = default;
};

// The variables' values at some point of the program, within one body; outer bodies' values show through.
struct StateScope {
  StateScope* outer = nullptr;
  std::map<uint32_t, Edge> values = {};
};

// One row of the tables of ops.
struct OpRow {
  std::string_view op;
  void (*lower)(Call& call) = nullptr;
  std::string_view target = {};  // for lowerings that several ops share: an op of thane
};
const std::unordered_map<std::string_view, const OpRow*>& op_rows();

struct Variable {
  std::string name;
  DType dtype = DType::kUndefined;
  ShapeProto shape;
  bool assigned = false;
  Edge constant;  // or the state's input side; made at first use
};

struct ArrayInfo {
  DType dtype = DType::kUndefined;
  ShapeProto element;
};

class Frame;

class Importer {
 public:
  // `changing`: names of variables that are session state.
  Importer(Program& program, GraphBuilder& root, std::set<std::string> changing, bool initialising = false)
      : program_(program), root_(root), changing_(std::move(changing)), initialising_(initialising) {}

  Program& program() { return program_; }
  GraphBuilder& root() { return root_; }
  // Runs the model's restore and initialisation ops: all control edges count, tables may be filled.
  bool initialising() const { return initialising_; }

  // Inlines a function at the end of `builder`.
  Result<std::vector<Item>> call(std::string_view function, std::vector<Item> arguments, GraphBuilder& builder,
                                 StateScope& scope, int depth);

  uint32_t variable_id(const std::string& name, DType dtype, const ShapeProto& shape);
  const Variable& variable(uint32_t id) const { return variables_[id]; }
  Result<Edge> read(uint32_t variable, StateScope& scope);
  void assign(uint32_t variable, StateScope& scope, Edge value);
  // Variables that something assigns; those not in `changing` make another import necessary.
  std::set<std::string> assigned() const;
  // States' output sides: what `scope`, the outermost one, holds.
  void close_states(StateScope& scope);
  const std::vector<Variable>& variables() const { return variables_; }

  uint32_t table_id(const std::string& name, DType key, DType value);
  Table& table(uint32_t id) { return program_.tables[table_names_[id]]; }

  uint32_t array_id(ArrayInfo info) {
    arrays_.push_back(std::move(info));
    return static_cast<uint32_t>(arrays_.size() - 1);
  }
  ArrayInfo& array(uint32_t id) { return arrays_[id]; }

  // The contents of an edge that depends on constants alone, computed now.
  Result<Tensor> compute(const Edge& edge);

  // Something that a general graph cannot express depends on shapes: import again when they are known.
  void note_needs_shapes() { needs_shapes_ = true; }
  bool needs_shapes() const { return needs_shapes_; }

 private:
  Program& program_;
  GraphBuilder& root_;
  std::set<std::string> changing_;
  bool initialising_;
  bool needs_shapes_ = false;
  std::vector<Variable> variables_;
  std::map<std::string, uint32_t> variable_ids_;
  std::vector<std::string> table_names_;
  std::map<std::string, uint32_t> table_ids_;
  std::vector<ArrayInfo> arrays_;
};

// Nodes of one body being translated into one builder. Bodies of Switch/Merge conditionals and of Enter/Exit loops are
// frames of their own over the same body: a node belongs to the innermost frame whose conditions it shares.
class Frame {
 public:
  Frame(Importer& importer, const Body& body, GraphBuilder& builder, StateScope& scope, int depth)
      : importer(importer), body(body), builder(builder), scope(scope), depth(depth) {}
  Frame(Frame& outer, GraphBuilder& builder, StateScope& scope)
      : importer(outer.importer),
        body(outer.body),
        builder(builder),
        scope(scope),
        depth(outer.depth + 1),
        outer_(&outer) {}

  Importer& importer;
  const Body& body;
  GraphBuilder& builder;
  StateScope& scope;
  const int depth;

  void bind(uint32_t node, std::vector<Item> outputs) {
    items_[node] = std::move(outputs), states_[node] = State::kDone;
  }
  Result<Item> demand(const Ref& ref);
  Status run(uint32_t node);

  // For frames of conditionals and loops.
  void set_branch(const Condition& condition) { branch_ = condition; }
  void set_loop(uint32_t frame) { loop_ = frame; }

 private:
  enum class State : uint8_t { kNew, kEntered, kDone };
  bool owns(uint32_t node) const;
  Frame& home(uint32_t node);
  State state(uint32_t node) const {
    const auto found = states_.find(node);
    return found == states_.end() ? State::kNew : found->second;
  }
  Result<std::vector<uint32_t>> dependencies(uint32_t node);
  Status evaluate(uint32_t node);
  Status lower(uint32_t node);
  Status merge(uint32_t node);
  Status leave_loop(uint32_t node);
  std::vector<uint32_t> companions(uint32_t merge) const;

  Frame* outer_ = nullptr;
  std::optional<Condition> branch_;
  std::optional<uint32_t> loop_;
  std::unordered_map<uint32_t, std::vector<Item>> items_;
  std::unordered_map<uint32_t, State> states_;
};

// What a TensorFlow shape says, as a type.
std::optional<SymDims> to_dims(const ShapeProto& shape);

// All kinds of op below `roots` that no table has, with counts and examples. Null when there are none.
std::optional<Error> unsupported_ops(Program& program, const std::vector<uint32_t>& roots);

}  // namespace thane::tensorflow
