// Bounds that no sane model meets; they keep hostile ones from exhausting stack and memory.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace thane::onnx {

inline constexpr int kMostNesting = 32;             // graphs in graphs, functions in functions
inline constexpr int64_t kInlinedNodeBytes = 1024;  // memory a node of an inlined function is counted as

inline Error nested_too_deeply() {
  return resource_limit("graphs or functions nested too deeply").expecting("at most 32 levels");
}

}  // namespace thane::onnx
