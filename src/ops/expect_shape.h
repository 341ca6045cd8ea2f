// Comparing shapes of which not everything may be known yet.
#pragma once

#include <string_view>

#include "base/result.h"
#include "ir/dim.h"

namespace thane {

// Not known to differ.
inline bool may_equal(const Dim& a, const Dim& b) {
  return !a.is_number() || !b.is_number() || a.number() == b.number();
}

// An error naming `what` unless `dims` may be `expected`. Null dims (unknown rank) may be anything.
Status expect_shape(std::string_view what, const SymDims* dims, const SymDims& expected);

}  // namespace thane
