// Running one node outside any plan: constant folding, and steps whose shapes only running reveals.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "ir/context.h"
#include "ir/kernel.h"

namespace thane {

// Runs `node` on `inputs` (null: absent): checks parameters, infers the shapes, allocates, evaluates. Outputs own their
// memory. `runner` may be null for ops without subgraphs. `choose` gives a kernel for the types that were found; where
// it gives none, and without it, the op's reference runs.
using ChooseKernel = std::function<Result<std::unique_ptr<PreparedKernel>>(std::span<const Type* const> inputs,
                                                                           std::span<const Type> outputs)>;
Result<std::vector<Value>> evaluate(const Node& node, std::span<const Value* const> inputs, ThreadPool& threads,
                                    SubgraphRunner* runner, RandomSource& random, const ChooseKernel& choose = {});

}  // namespace thane
