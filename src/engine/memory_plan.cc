#include "engine/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "base/checked.h"

namespace thane {
namespace {

constexpr int64_t kAlignment = 64;

}  // namespace

MemoryPlan plan_memory(std::span<const LiveRange> ranges) {
  MemoryPlan plan;
  plan.offsets.resize(ranges.size(), 0);
  std::vector<size_t> order(ranges.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return ranges[a].size_bytes > ranges[b].size_bytes; });

  std::vector<size_t> placed;  // by offset
  for (size_t index : order) {
    const LiveRange& range = ranges[index];
    const auto padded = checked_add(range.size_bytes, kAlignment - 1);
    if (!padded) return {{}, -1};
    const int64_t size = *padded / kAlignment * kAlignment;
    int64_t best = -1;
    int64_t best_gap = INT64_MAX;
    int64_t end = 0;  // end of the blocks seen so far that are alive together with this one
    for (size_t other : placed) {
      if (ranges[other].last < range.first || ranges[other].first > range.last) continue;
      const int64_t gap = plan.offsets[other] - end;
      if (gap >= size && gap < best_gap) {
        best = end;
        best_gap = gap;
      }
      const int64_t other_size = (ranges[other].size_bytes + kAlignment - 1) / kAlignment * kAlignment;
      end = std::max(end, plan.offsets[other] + other_size);
    }
    if (best < 0) best = end;
    plan.offsets[index] = best;
    const auto top = checked_add(best, size);
    if (!top) return {{}, -1};
    plan.arena_bytes = std::max(plan.arena_bytes, *top);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), index,
                                   [&](size_t a, size_t b) { return plan.offsets[a] < plan.offsets[b]; }),
                  index);
  }
  return plan;
}

}  // namespace thane
