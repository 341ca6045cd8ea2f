// Converting tensors that callers hand in.
#pragma once

#include "ir/tensor.h"

namespace thane {

// Numbers and booleans under another dtype. To floats: rounded to nearest. To integers and bool: only whole numbers in
// range; NaN, fractions and what does not fit are errors that name the first such element.
Result<Tensor> converted_exactly(const Tensor& tensor, DType dtype);

}  // namespace thane
