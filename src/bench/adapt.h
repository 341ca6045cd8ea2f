// The same data for forms of a network that differ in names, order and layout.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "bench/contestant.h"

namespace thane::bench {

// `values` in the order and layout of the inputs an engine says it takes: matched by name when every name occurs, else
// by order; transposed between channels first and last when only that makes a shape fit; integers widened or narrowed
// when every element fits. Anything else is an error: data are never reinterpreted.
Result<std::vector<NamedTensor>> adapted_inputs(const std::vector<NamedTensor>& values, const rivals::Document& wanted);

// `outputs` in the order of `reference`, so that they can be compared: by name, else the nearest in value, since forms
// of one network order their outputs as they please; layouts likewise. What is wrong stays wrong: nothing is changed
// but places.
Result<std::vector<Tensor>> adapted_outputs(const std::vector<NamedTensor>& outputs,
                                            const std::vector<NamedTensor>& reference);

// `tensor` in the first layout whose shape `fits`: as it is, channels last (axis 1 moved to the end), channels first
// (the other way round). Nothing when none does.
Result<std::optional<Tensor>> in_fitting_layout(const Tensor& tensor, const std::function<bool(const Dims&)>& fits);

}  // namespace thane::bench
