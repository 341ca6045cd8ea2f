// What an op is: its name, its parameters, how its outputs' types follow from its inputs, and how it is computed.
// Ops are rows of constexpr tables in src/ops; nothing registers itself.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/dtype.h"
#include "base/result.h"
#include "ir/attrs.h"

namespace thane {

class InferContext;
class KernelContext;
struct Kernel;

// Whose op set defines the op's meaning. kThane holds what ONNX cannot say: fused forms, and foreign ops.
enum class Domain : uint8_t { kOnnx, kMl, kPreview, kThane };
std::string_view domain_prefix(Domain domain);  // "", "ml.", "preview.", "thane."

// One formal input or output. Parameters with the same type variable must agree in dtype.
struct Param {
  std::string_view name;
  DTypeMask types = kAnyTensor;
  char variable = 0;      // 'T', 'U', …; 0: independent
  bool optional = false;  // may be absent ("" in ONNX) though a later one is given
};

// The trailing parameter may repeat any number of times (inputs of Concat, outputs of Split).
enum class Arity : uint8_t { kFixed, kVariadic };

enum OpFlags : uint32_t {
  kNoFlags = 0,
  kNondeterministic = 1 << 0,  // random: neither folded nor merged with an equal node
  kView = 1 << 1,              // output 0 has the same elements in the same order as input 0: may share its memory
  kElementwise = 1 << 2,       // output element i depends on input elements at i (after broadcasting) alone
  kInPlace = 1 << 3,           // output 0 may overwrite input 0 when both have the same shape and dtype
  kStateful = 1 << 4,          // reads or writes session state: keeps its order and its effect
  kHeavy = 1 << 5,             // cost may be far beyond the sizes of inputs and outputs: never folded
  kAnyAlignment = 1 << 6,      // input 0 is copied byte by byte and may lie anywhere
};

struct OpDef {
  std::string_view name;
  Domain domain = Domain::kOnnx;
  std::span<const Param> inputs;
  int min_inputs = 0;  // trailing ones beyond it may be left out
  Arity input_arity = Arity::kFixed;
  std::span<const Param> outputs;
  int min_outputs = 1;
  Arity output_arity = Arity::kFixed;
  const AttrsSchema* attrs = nullptr;  // null: the op has none
  // Names of the subgraph attributes, in the order in which Node::subgraphs holds them.
  std::span<const std::string_view> subgraphs = {};
  // A body may be left out: importers put the identity of one value in its place.
  bool optional_subgraphs = false;
  // Sets the outputs' types from the inputs'. Checks everything that concerns ranks, shapes and attributes, as far as
  // it is known. Parameter counts and dtypes were checked against `inputs` before the call.
  Status (*infer)(InferContext& context) = nullptr;
  // The reference: plain, obviously right. Called after `infer` has seen the concrete shapes; inputs' *values* may not
  // have been seen, so what depends on them (index ranges) is checked here. Accumulates in double (or int64).
  Status (*eval)(KernelContext& context) = nullptr;
  // Faster ways, in order of preference; the reference stands behind them all.
  std::span<const Kernel* const> kernels = {};
  uint32_t flags = kNoFlags;

  bool has(OpFlags flag) const { return flags & flag; }
  // The formal parameter of input/output i; null when there are fewer.
  const Param* input_param(size_t i) const { return param(inputs, input_arity, i); }
  const Param* output_param(size_t i) const { return param(outputs, output_arity, i); }

 private:
  static const Param* param(std::span<const Param> params, Arity arity, size_t i) {
    if (i < params.size()) return &params[i];
    return arity == Arity::kVariadic && !params.empty() ? &params.back() : nullptr;
  }
};

}  // namespace thane
