// Which kernel runs a node.
#pragma once

#include "ir/kernel.h"

namespace thane {

struct KernelChoice {
  std::unique_ptr<PreparedKernel> kernel;  // null: the reference
  std::string_view name = "reference";
  std::vector<std::string> refusals;  // "gemm.packed: dtype is not float32"
};

// The first of the op's kernels that takes the node, prepared. Where an output's shape is not known, those that say
// they can do without it are asked alone.
Result<KernelChoice> choose_kernel(const KernelQuery& query);

}  // namespace thane
