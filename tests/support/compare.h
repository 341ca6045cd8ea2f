// Is a result what a test expects? The rules of numpy.testing.assert_allclose: equal dtypes and shapes, strings equal,
// numbers within |a - b| <= absolute + relative |b|, NaN equal to NaN; sequences item by item.
#pragma once

#include <optional>
#include <string>

#include "ir/value.h"

namespace thane {

struct Tolerance {
  double relative = 1e-3;
  double absolute = 1e-7;
  std::optional<int64_t> steps;  // when given, integers may differ by so much, and the above is for other numbers only
};

// The same bits under another dtype of the same size.
Tensor with_dtype(const Tensor& tensor, DType dtype);

// Empty when `actual` is acceptable, else what is wrong.
std::string compare(const Value& actual, const Value& expected, const Tolerance& tolerance);

}  // namespace thane
