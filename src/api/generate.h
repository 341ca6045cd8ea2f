// Made-up inputs: seeded, the same on every machine, and plausible for what the model does with them.
#pragma once

#include <cstdint>
#include <optional>

#include "ir/context.h"
#include "ir/graph.h"

namespace thane {

// A half-open range [low, high) to draw from.
struct ValueRange {
  double low, high;
};

// What a graph input is probably used for, judged by its type, name and first readers: rows of a table it looks up
// (token ids), a mask (all ones), a picture (0..1). Nothing when there is no hint.
std::optional<ValueRange> plausible_range(const Graph& graph, ValueId input);

// Uniform in `range`; without one, floats are standard normal, 8-bit integers use their whole range, other integers are
// 0 or 1, booleans either. Strings are short words.
Result<Tensor> random_tensor(DType dtype, const Dims& dims, std::optional<ValueRange> range, RandomSource& random);

// Every element the same number, converted to `dtype` (strings: its text).
Result<Tensor> constant_tensor(DType dtype, const Dims& dims, double value);

}  // namespace thane
