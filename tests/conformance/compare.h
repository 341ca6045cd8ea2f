// Is a result what the suite expects? The rules of the suites' own runner: equal dtypes and shapes, strings equal, numbers
// within |a - b| <= atol + rtol |b|, NaN equal to NaN; sequences item by item.
#pragma once

#include <string>

#include "ir/value.h"

namespace thane {

struct Tolerance {
  double relative = 1e-3;
  double absolute = 1e-7;
};

// Empty when `actual` is acceptable, else what is wrong.
std::string compare(const Value& actual, const Value& expected, const Tolerance& tolerance);

}  // namespace thane
