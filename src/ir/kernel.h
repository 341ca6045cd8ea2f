// Kernel candidates: the faster ways to run an op. Planning asks them in order; a refusal says why and is kept for
// `explain`.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/cpu.h"
#include "base/result.h"
#include "ir/form_memory.h"
#include "ir/graph.h"
#include "ir/scratch_pool.h"

namespace thane {

class KernelContext;

// How far results may stray from plain float32 evaluation.
enum class Precision : uint8_t {
  kExact,  // no algebraic rewriting (Winograd), no reassociation beyond a kernel's own
  kFp32,   // float32 throughout; algebraic rewriting allowed
  kBf16,   // weights in bfloat16, and products too where the CPU has them
  kAuto,   // the fastest that stays within a stated error of kFp32
};

// What kernels make of a graph's constants: made once, shared by all plans of a session. So is their working memory.
class SharedForms {
 public:
  // weight_bytes: of all the constants there are.
  explicit SharedForms(size_t weight_bytes = 0) : memory_(weight_bytes) {}

  // T: one type for all forms of that name; copies of it share their memory.
  template <class T, class Make>
  Result<T> get(const Node& node, const std::string& form, const Make& make) {
    std::shared_ptr<const void>& kept = forms_[{&node, form}];
    if (!kept) {
      THANE_ASSIGN(T made, make());
      kept = std::make_shared<const T>(std::move(made));
    }
    return *static_cast<const T*>(kept.get());
  }
  FormMemory& memory() { return memory_; }
  const std::shared_ptr<ScratchPool>& scratch() const { return scratch_; }

 private:
  FormMemory memory_;
  std::shared_ptr<ScratchPool> scratch_ = std::make_shared<ScratchPool>();
  std::map<std::pair<const Node*, std::string>, std::shared_ptr<const void>> forms_;
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
  SharedForms* forms = nullptr;  // null: the constants are this plan's alone

  bool has_input(size_t i) const { return i < inputs.size() && inputs[i]; }
  // Null: absent, or not constant.
  const Tensor* constant(size_t i) const { return i < constants.size() ? constants[i] : nullptr; }

  // What make() gives, a Result<T> that depends on the node, its constants, isa and what `form` names, and on nothing
  // else.
  template <class T, class Make>
  Result<T> shared(const std::string& form, const Make& make) const {
    return forms ? forms->get<T>(node, form, make) : Result<T>(make());
  }
  // Memory for make().
  Result<Tensor> allocate(DType dtype, Dims dims) const {
    return forms ? forms->memory().allocate(dtype, std::move(dims)) : Tensor::allocate(dtype, std::move(dims));
  }
  // What kernels take their working memory from.
  std::shared_ptr<ScratchPool> scratch() const { return forms ? forms->scratch() : std::make_shared<ScratchPool>(); }
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

constexpr uint32_t input_bit(int input) { return uint32_t{1} << input; }

struct Kernel {
  std::string_view name;  // "gemm.packed"
  // Empty: accepts. Otherwise the reason for refusing, e.g. "dtype is not float32".
  std::string (*refuse)(const KernelQuery& query);
  Result<std::unique_ptr<PreparedKernel>> (*prepare)(const KernelQuery& query);
  // Bits of inputs whose constants may lie unaligned, as files have them: prepare() packs them from where they are.
  uint32_t any_alignment = 0;
  bool takes_unknown_outputs = false;  // shapes of outputs may be missing in the query: it finds them while running
};

}  // namespace thane
