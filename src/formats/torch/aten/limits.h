// How large a table may be that a few bytes of a program ask for.
#pragma once

#include "formats/torch/aten/lowering.h"

namespace thane::aten {

inline constexpr int64_t kMostElements = int64_t{1} << 22;

// The count itself, when it is one that may be written down as a constant.
inline int64_t bounded(int64_t count, std::string_view what) {
  if (count < 0 || count > kMostElements) fail(resource_limit(format("{} of {} elements", what, count)));
  return count;
}
inline int64_t bounded_square(int64_t n, std::string_view what) {
  if (n < 0 || n > 2048) fail(resource_limit(format("{} of {} × {} elements", what, n, n)));
  return n * n;
}

}  // namespace thane::aten
