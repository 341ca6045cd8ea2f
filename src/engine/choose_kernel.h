// Which kernel runs a node.
#pragma once

#include <functional>

#include "ir/kernel.h"

namespace thane {

struct KernelChoice {
  std::unique_ptr<PreparedKernel> kernel;  // null: the reference
  std::string_view name = "reference";
  std::vector<std::string> refusals;  // "gemm.packed: dtype is not float32"
};

// The first of the op's kernels that takes the node, prepared. Where an output's shape is not known, those that say
// they can do without it are asked alone. `ready` is called with the kernel before it is prepared, where constants may
// lie unaligned: they must be aligned then, but for those that it takes at any alignment.
Result<KernelChoice> choose_kernel(const KernelQuery& query, const std::function<Status(const Kernel&)>& ready = {});

}  // namespace thane
