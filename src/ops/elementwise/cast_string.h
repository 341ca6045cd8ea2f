// Numbers to text and back, as Cast defines it.
#pragma once

#include "base/threads.h"
#include "ir/tensor.h"

namespace thane {

// Each number in the fewest decimal digits that give the same number again; "NaN", "INF", "-INF"; bools as "1" and "0".
void numbers_to_strings(const Tensor& numbers, const Tensor& strings);
// Text that is no number is an error. Float text for an integer target is truncated.
Status strings_to_numbers(const Tensor& strings, const Tensor& numbers);

}  // namespace thane
