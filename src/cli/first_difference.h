// Where inside a model the results part.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "api/compare.h"
#include "cli/contenders.h"

namespace thane::cli {

struct TensorDifference {
  std::string name;      // empty: no tensor differs
  std::string producer;  // the reference's node that makes it
  Difference difference;
  size_t compared = 0;  // tensors compared up to there
};

// Runs both graphs, as prepared for their contenders, and compares the values that nodes make under the same name in
// both, in the reference's order, until one is beyond tolerance. A few at a time, so that a big model's need no memory
// all at once.
Result<TensorDifference> first_difference(const Contender& reference, std::span<const Value> reference_inputs,
                                          const Contender& other, std::span<const Value> other_inputs,
                                          const Tolerance& tolerance);

}  // namespace thane::cli
