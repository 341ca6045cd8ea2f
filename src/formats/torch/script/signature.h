// A method's arguments and results as flat inputs and outputs of a graph, and back.
//
// Inputs are named after the arguments; items of tuples and lists add ".0", those of dicts and named tuples their key.
// Outputs: "output", or "output.0", …; keys and fields stand for themselves at the top.
#pragma once

#include <string>
#include <vector>

#include "formats/torch/script/scout.h"

namespace thane::torchscript {

struct InputSlot {
  enum class Kind : uint8_t {
    kTensor,
    kInt,
    kFloat,
    kBool,
    kString,
    kInts,  // a list of numbers: one tensor of rank 1
    kFloats,
    kSequence,  // a list of tensors whose length only the caller knows
    kList,
    kTuple,
    kNamedTuple,
    kDict
  };
  Kind kind = Kind::kTensor;
  std::string name;
  size_t input = 0;       // of leaves: which one
  bool optional = false;  // may be left out
  const Expr* initial = nullptr;
  const Class* type = nullptr;  // of named tuples
  std::vector<InputSlot> items;
  std::vector<std::string> keys;  // of dicts

  bool leaf() const { return kind < Kind::kList; }
  bool by_value() const { return leaf() && kind != Kind::kTensor && kind != Kind::kSequence; }
};

struct Inputs {
  std::vector<InputSlot> slots;
  std::vector<const InputSlot*> leaves;  // in order; point into slots
};

// `arguments`: what the scout learned about each, in the method's order without self; may be empty.
Inputs describe_inputs(const Program& program, const FunctionDef& method,
                       const std::vector<std::shared_ptr<Argument>>& arguments);
// The type that a leaf has while nothing else is known.
Type declared_type(const InputSlot& leaf);

struct OutputSlot {
  enum class Kind : uint8_t { kTensor, kSequence, kNone, kGroup };
  Kind kind = Kind::kTensor;
  std::string name;
  std::vector<OutputSlot> items;
  std::vector<std::string> keys;  // of items, when it is a dict
};
OutputSlot describe_output(const Value& result, const Expr* type, const std::string& name, bool top, int depth = 0);
void collect_names(const OutputSlot& slot, std::vector<const OutputSlot*>& leaves);

// "Tuple[Tensor, int]".
std::string type_text(const Expr* type);
// "(x: Tensor, sr: int) -> Tensor".
std::string signature_text(const FunctionDef& method);

}  // namespace thane::torchscript
