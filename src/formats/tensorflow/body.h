// A graph or the body of a function with its names resolved: nodes, and references to outputs of nodes.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "formats/tensorflow/proto.h"

namespace thane::tensorflow {

// Output `output` of node `node` of a body.
struct Ref {
  uint32_t node = 0;
  uint32_t output = 0;
  friend bool operator==(const Ref&, const Ref&) = default;
  friend auto operator<=>(const Ref&, const Ref&) = default;
};

// Functions by name.
class Library {
 public:
  void add(const std::vector<FunctionDef>& functions) {
    for (const FunctionDef& function : functions) functions_.emplace(function.name, &function);
  }
  const FunctionDef* find(std::string_view name) const {
    const auto found = functions_.find(name);
    return found == functions_.end() ? nullptr : found->second;
  }

 private:
  std::unordered_map<std::string_view, const FunctionDef*> functions_;
};

// Where what flows through control flow of the first kind (Switch, Merge, Enter, Exit) is alive.
struct Condition {
  Ref predicate;
  uint32_t branch = 0;
  friend bool operator==(const Condition&, const Condition&) = default;
  friend auto operator<=>(const Condition&, const Condition&) = default;
};
inline constexpr uint32_t kNoFrame = 0xffffffffu;
struct WhileFrame {
  uint32_t parent = kNoFrame;
  std::vector<uint32_t> enters, merges;  // nodes; of merges, those a value that changes enters through
  uint32_t condition = kNoFrame;         // its LoopCond
};
struct ControlFlow {
  std::vector<uint32_t> frame;                                         // per node: index into `frames`, or kNoFrame
  std::vector<std::vector<Condition>> conditions;                      // per node: sorted
  std::unordered_map<uint32_t, std::vector<uint32_t>> merge_branches;  // Merge node → branch of each input
  std::unordered_map<uint32_t, Ref> merge_predicates;
  std::vector<WhileFrame> frames;
};

struct Body {
  struct Node {
    const NodeDef* def = nullptr;  // null: an argument of the function
    std::vector<Ref> inputs;
    std::vector<uint32_t> controls;
  };
  std::string name;
  std::vector<Node> nodes;  // arguments first
  size_t arguments = 0;
  std::unordered_map<std::string_view, uint32_t> index;
  std::vector<Ref> results;
  std::vector<uint32_t> control_results;
  ControlFlow control;  // empty vectors when there is none

  bool has_control_flow() const { return !control.frame.empty(); }
  std::string_view op(uint32_t node) const { return nodes[node].def ? nodes[node].def->op : std::string_view(); }
};

Result<Body> body_of(const GraphDef& graph);
Result<Body> body_of(const FunctionDef& function, const Library& library);

// "name", "name:0" → a reference within a graph (not a function).
Result<Ref> find_output(const Body& body, std::string_view name);

// Finds while frames and conditions; does nothing for bodies without Switch, Merge and Enter.
Status analyse_control_flow(Body& body);

// The first position among a node's outputs of its output argument `name`; only functions name outputs like that.
std::optional<uint32_t> output_position(const NodeDef& node, std::string_view name, const Library& library);

}  // namespace thane::tensorflow
