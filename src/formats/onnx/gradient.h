// Reverse-mode differentiation of a piece of an IR graph.
#pragma once

#include <span>
#include <vector>

#include "formats/onnx/import.h"

namespace thane::onnx {

// Adds nodes that compute the derivative of the sum of y's elements with respect to each of `xs`, y being taken as a
// function of `variables` (which begin with xs). values[i] is where variable i stands: when that is the variable
// itself, what was computed on the way to y is used again, else it is computed anew. kUnsupported names the op whose
// derivative is unknown.
Result<std::vector<ValueId>> differentiate(GraphFiller& filler, ValueId y, std::span<const ValueId> variables,
                                           std::span<const ValueId> values, size_t xs_count);

}  // namespace thane::onnx
