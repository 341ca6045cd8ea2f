#include "engine/memory_plan.h"

#include <gtest/gtest.h>

#include <random>

namespace thane {
namespace {

TEST(MemoryPlan, LiveBlocksNeverOverlap) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<LiveRange> ranges(1 + random() % 40);
    for (auto& range : ranges) {
      range.first = static_cast<int32_t>(random() % 30);
      range.last = range.first + static_cast<int32_t>(random() % 10);
      range.size_bytes = random() % 2000;
    }
    const MemoryPlan plan = plan_memory(ranges);
    for (size_t i = 0; i < ranges.size(); ++i) {
      EXPECT_EQ(plan.offsets[i] % 64, 0);
      EXPECT_LE(plan.offsets[i] + ranges[i].size_bytes, plan.arena_bytes);
      for (size_t j = 0; j < i; ++j) {
        const bool together = ranges[i].first <= ranges[j].last && ranges[j].first <= ranges[i].last;
        const bool apart = plan.offsets[i] + ranges[i].size_bytes <= plan.offsets[j] ||
                           plan.offsets[j] + ranges[j].size_bytes <= plan.offsets[i];
        EXPECT_TRUE(!together || apart) << "blocks " << i << " and " << j;
      }
    }
  }
}

TEST(MemoryPlan, AChainNeedsTwoBlocksAtATime) {
  std::vector<LiveRange> chain;
  for (int32_t i = 0; i < 50; ++i) chain.push_back({1024, i, i + 1});
  EXPECT_EQ(plan_memory(chain).arena_bytes, 2048);
}

TEST(MemoryPlan, SizesThatOverflowAreReported) {
  const std::vector<LiveRange> ranges = {{INT64_MAX - 8, 0, 1}};
  EXPECT_EQ(plan_memory(ranges).arena_bytes, -1);
}

}  // namespace
}  // namespace thane
