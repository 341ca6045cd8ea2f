// Multiply-accumulates: the part of a model's cost that shapes alone tell.
#pragma once

#include <optional>
#include <span>

#include "ir/graph.h"

namespace thane {

// Multiply-accumulates of one run of `node` with these types (null: absent). 0 for ops whose cost is not counted in
// them (elementwise, reductions, data movement); nothing when the op's is, but a shape it depends on is not known.
std::optional<double> macs(const Node& node, std::span<const Type* const> inputs, std::span<const Type* const> outputs);

}  // namespace thane
