// Kernel candidates: the faster ways to run an op. Planning asks them in order; a refusal says why and is kept for
// `explain`.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/cpu.h"
#include "base/result.h"
#include "ir/graph.h"

namespace thane {

class KernelContext;

// How far results may stray from plain float32 evaluation.
enum class Precision : uint8_t {
  kExact,  // no algebraic rewriting (Winograd), no reassociation beyond a kernel's own
  kFp32,   // float32 throughout; algebraic rewriting allowed
  kBf16,   // products in bfloat16 where the CPU has it
  kAuto,   // the fastest that stays within the stated error
};

// Everything a candidate may base its decision on. Types are concrete.
struct KernelQuery {
  const Node& node;
  std::span<const Type* const> inputs;  // null: absent
  std::span<const Type> outputs;
  std::span<const Tensor* const> constants;  // per input; null when not constant
  Isa isa;                                   // the highest level that may be used
  Precision precision;
  int threads;
};

// A kernel bound to one node and one set of shapes: algorithm fixed, weights packed.
class PreparedKernel {
 public:
  virtual ~PreparedKernel() = default;
  // As OpDef::eval; safe to call from several threads at once.
  virtual Status run(KernelContext& context) const = 0;
  // Whether run() looks at the contents of an input. Constants that nobody looks at are let go.
  virtual bool reads([[maybe_unused]] size_t input) const { return true; }
};

struct Kernel {
  std::string_view name;  // "gemm.packed"
  // Empty: accepts. Otherwise the reason for refusing, e.g. "dtype is not float32".
  std::string (*refuse)(const KernelQuery& query);
  Result<std::unique_ptr<PreparedKernel>> (*prepare)(const KernelQuery& query);
};

}  // namespace thane
