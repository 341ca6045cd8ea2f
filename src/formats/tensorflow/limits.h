// Bounds that no sane model meets; they keep hostile ones from exhausting stack and memory.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace thane::tensorflow {

inline constexpr int kMostNesting = 64;            // functions in functions, bodies in bodies
inline constexpr int64_t kInlinedNodeBytes = 512;  // memory a node of an inlined function is counted as

inline Error nested_too_deeply() {
  return resource_limit("functions or bodies nested too deeply").expecting("at most 64 levels");
}

}  // namespace thane::tensorflow
