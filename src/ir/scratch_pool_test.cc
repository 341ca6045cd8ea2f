#include "ir/scratch_pool.h"

#include <gtest/gtest.h>

namespace thane {
namespace {

float* taken_once(ScratchPool& pool, int64_t floats) {
  const auto lease = pool.take(floats);
  EXPECT_TRUE(lease.ok());
  std::fill_n(lease->data(), floats, 1.0f);
  return lease->data();
}

TEST(ScratchPool, BlocksServeWhoeverFitsIntoThem) {
  ScratchPool pool;
  const float* block = taken_once(pool, 1000);
  EXPECT_EQ(taken_once(pool, 1000), block);
  EXPECT_EQ(taken_once(pool, 10), block);
}

TEST(ScratchPool, BlocksInUseAreNotShared) {
  ScratchPool pool;
  const auto a = pool.take(100), b = pool.take(100);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_NE(a->data(), b->data());
}

TEST(ScratchPool, TheSmallestThatFitsIsTaken) {
  ScratchPool pool;
  float *small = nullptr, *large = nullptr;
  {
    const auto a = pool.take(5000), b = pool.take(100);
    ASSERT_TRUE(a.ok() && b.ok());
    large = a->data(), small = b->data();
  }
  EXPECT_EQ(taken_once(pool, 50), small);
  EXPECT_EQ(taken_once(pool, 101), large);
}

TEST(ScratchPool, WhatIsTooSmallMakesWay) {
  ScratchPool pool;
  taken_once(pool, 100);
  float* large = taken_once(pool, 100000);
  const auto first = pool.take(100);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->data(), large);  // the small one is gone
}

}  // namespace
}  // namespace thane
