// Parameter checks shared by the verifier, shape inference and the engine.
#pragma once

#include <span>

#include "ir/graph.h"

namespace thane {

// Counts, presence and dtypes of a node's inputs against the op's parameters. `inputs[i]` is null for an absent one; an
// unknown type passes. This is what makes it safe for kernels to read memory as the dtype their parameter promises.
Status check_params(const OpDef& op, std::span<const Type* const> inputs, size_t output_count);
Status check_params(const Graph& graph, const Node& node);

}  // namespace thane
