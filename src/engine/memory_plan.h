// Where in one arena each intermediate lives.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thane {

// A block of memory needed from step `first` to step `last`, both included.
struct LiveRange {
  int64_t size_bytes;
  int32_t first;
  int32_t last;
};

struct MemoryPlan {
  std::vector<int64_t> offsets;  // per range, multiples of 64
  int64_t arena_bytes = 0;
};

// Places blocks so that those alive at the same time do not overlap: largest first, each into the smallest gap that
// fits. arena_bytes is -1 when the sum overflows.
MemoryPlan plan_memory(std::span<const LiveRange> ranges);

}  // namespace thane
