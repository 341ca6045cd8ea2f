// The program: values (edges) and nodes in topological order. Single assignment; subgraphs are closed, with explicit
// captures.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ir/op_def.h"
#include "ir/tensor.h"
#include "ir/type.h"

namespace thane {

// Index into Graph::values.
using ValueId = uint32_t;
inline constexpr ValueId kNoValue = 0xffffffffu;  // an absent optional input or output

struct ValueInfo {
  std::string name;  // unique within the graph, never empty
  Type type;
  // A weight or constant. Its memory may be a mapped file, unaligned.
  std::optional<Tensor> constant;
};

struct Graph;
struct Fact;

// A body run by a control-flow node. The body sees only its own values: outer ones it uses are listed in `captures`
// (ids in the enclosing graph) and appear, in the same order, as the body's last inputs.
struct Subgraph {
  std::unique_ptr<Graph> graph;
  std::vector<ValueId> captures;
};

struct Node {
  const OpDef* op = nullptr;
  std::string name;  // for messages; may be empty
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  AttrsPtr attrs;  // of the type named by op->attrs; null when the op has none
  std::vector<Subgraph> subgraphs;

  template <class A>
  const A& attrs_as() const {
    return static_cast<const A&>(*attrs);
  }
  // "Conv 'conv1'" or "Conv → y" for messages.
  std::string label(const Graph& graph) const;
};

// A value that a session keeps from one run to the next: variables, recurrent state. Written like a function: the graph
// reads what the last run left at `input` and leaves what the next shall see at `output`.
struct StateVariable {
  std::string name;
  ValueId input;   // made by nobody, as a graph input; its type may be wider than `initial`'s
  ValueId output;  // any value of the graph
  Tensor initial;  // before the first run
};

struct Graph {
  std::string name;
  std::vector<ValueInfo> values;
  std::vector<Node> nodes;       // every input of a node is a graph input, a constant, or an output of an earlier node
  std::vector<ValueId> inputs;   // of a subgraph: formal inputs, then captures
  std::vector<ValueId> outputs;  // a value may stand here more than once
  std::vector<StateVariable> states;  // of a main graph only

  ValueId add_value(std::string name, Type type = {});
  ValueId add_constant(std::string name, Tensor tensor);
  // A name derived from `stem` that no value has.
  std::string fresh_name(const std::string& stem);
  const Tensor* constant(ValueId id) const {
    return id != kNoValue && values[id].constant ? &*values[id].constant : nullptr;
  }
  Graph clone() const;  // deep; tensors shared
  // What a caller gives and the session adds: inputs, then the states' inputs. The same for outputs.
  std::vector<ValueId> all_inputs() const;
  std::vector<ValueId> all_outputs() const;

 private:
  uint64_t next_name_ = 0;
};

// One thing a model file can do: a signature (TensorFlow, TensorFlow Lite), a method (TorchScript).
struct EntryPoint {
  std::string name;
  std::string summary;  // "(x: float32[batch, 3]) -> (scores)", for people
};

// What the file says about preparing an input: TensorFlow Lite metadata, for one. Empty: nothing said.
struct InputHint {
  std::vector<float> mean, std;  // per channel or one for all, in units of pixels 0..255: (pixel - mean) / std
};

// A loaded model: the graph of the entry point asked for, and what its file says about it.
struct Model {
  // Inputs, outputs and states are always there. When `specialise` is set the nodes may be missing or general.
  Graph graph;
  // For formats whose programs mean something only once shapes are known (TorchScript, torch.export): makes the graph
  // for these facts about graph.all_inputs(), of which those marked in `by_value` come with their contents. It declares
  // the same inputs, outputs and states. Thread-safe.
  std::function<Result<Graph>(std::span<const Fact> inputs)> specialise;
  std::vector<bool> by_value;            // per input: its contents select the specialised graph (a Python int or bool)
  std::vector<EntryPoint> entry_points;  // all that the file has; empty where there is only one, without a name
  std::string entry_point;               // the one read
  std::map<std::string, InputHint> hints;                     // by input name
  std::vector<std::string> labels;                            // of the classes, where the file has them
  std::string format;                                         // "onnx", …
  std::string producer;                                       // "pytorch 2.13.0"
  std::vector<std::pair<std::string, std::string>> versions;  // ("ai.onnx", "17"): op sets or schema versions
  std::vector<std::pair<std::string, std::string>> metadata;  // key, value pairs of the file
  std::string doc;
};

// Checks every invariant above, plus: ids in range, unique names, one producer per value, parameter counts and dtypes
// as the op demands, attributes present where the op has them, captures matching the body's inputs. The message names
// the node.
Status verify(const Graph& graph);

// The stable text form: one line per input, constant and node; subgraphs indented. For people, golden tests and diffs.
std::string to_text(const Graph& graph);

// Calls f(graph, depth) for `graph` and every graph nested in its nodes, outermost first.
template <class G, class F>
void for_each_graph(G& graph, const F& f, int depth = 0) {
  f(graph, depth);
  for (auto& node : graph.nodes) {
    for (auto& subgraph : node.subgraphs) for_each_graph(*subgraph.graph, f, depth + 1);
  }
}

}  // namespace thane
