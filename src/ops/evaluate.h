// Running one node by its reference implementation, outside any plan: constant folding, and steps whose shapes only
// running reveals.
#pragma once

#include <span>
#include <vector>

#include "ir/context.h"

namespace thane {

// Runs `node` on `inputs` (null: absent): checks parameters, infers the shapes, allocates, evaluates. Outputs own their
// memory. `runner` may be null for ops without subgraphs.
Result<std::vector<Value>> evaluate(const Node& node, std::span<const Value* const> inputs, ThreadPool& threads,
                                    SubgraphRunner* runner, RandomSource& random);

}  // namespace thane
