// The network in double precision: what the "high-precision" need measures everybody against.
#pragma once

#include "bench/contestant.h"
#include "ir/graph.h"

namespace thane::bench {

// A copy of an imported graph in which every float32 (and 16-bit float) is a float64: inputs, constants, the targets of
// casts. Ops that have no float64 form make this an error.
Result<Graph> widened_to_float64(const Graph& graph);

// The outputs of `graph` for `inputs`, evaluated in float64 by the reference implementations.
Result<std::vector<NamedTensor>> evaluated_in_float64(const Graph& graph, const std::vector<NamedTensor>& inputs);

}  // namespace thane::bench
