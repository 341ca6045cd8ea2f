#include "ops/fixed_point/sigmoid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace thane {
namespace {

// What arithmetic on 16 bits loses at most: measured, so that a slip in one of the steps shows.
constexpr int kTanhUnits = 12, kSigmoidUnits = 6;

int32_t nearest(double value) { return static_cast<int32_t>(std::lround(std::min(value * 32768, 32767.0))); }

TEST(FixedSigmoid, IsNearTheRealTanhForEveryNumber) {
  for (int bits = 0; bits <= kMostTanhBits; ++bits) {
    int worst = 0;
    for (int32_t x = -32768; x <= 32767; ++x) {
      const int32_t expected = nearest(std::tanh(std::ldexp(static_cast<double>(x), bits - 15)));
      worst = std::max(worst, std::abs(fixed_tanh(static_cast<int16_t>(x), bits) - expected));
    }
    EXPECT_LE(worst, kTanhUnits) << bits << " bits";
  }
}

TEST(FixedSigmoid, IsNearTheRealSigmoidForEveryNumber) {
  int worst = 0;
  for (int32_t x = -32768; x <= 32767; ++x) {
    const int32_t expected = nearest(1 / (1 + std::exp(-static_cast<double>(x) / 4096)));
    worst = std::max(worst, std::abs(fixed_sigmoid(static_cast<int16_t>(x)) - expected));
  }
  EXPECT_LE(worst, kSigmoidUnits);
}

TEST(FixedSigmoid, IsSymmetric) {
  EXPECT_EQ(fixed_tanh(0, 3), 0);
  EXPECT_EQ(fixed_sigmoid(0), 1 << 14);
  for (int32_t x = 1; x <= 32767; x += 61) {
    const auto plus = static_cast<int16_t>(x), minus = static_cast<int16_t>(-x);
    EXPECT_EQ(fixed_tanh(minus, 3), -fixed_tanh(plus, 3)) << x;
    EXPECT_EQ(fixed_sigmoid(minus), 32767 - fixed_sigmoid(plus)) << x;
  }
}

}  // namespace
}  // namespace thane
