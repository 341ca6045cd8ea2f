// Inverse square roots in fixed point.
#pragma once

#include "ops/fixed_point/multiplier.h"

namespace thane {

// 1 / √x as a fraction and a shift to the right, by Newton's steps on 1/2 … 2 with 29 bits below the point.
inline FixedMultiplier inverse_root(int64_t x) {
  if (x <= 1) return {std::numeric_limits<int32_t>::max(), 0};
  int right = 11;
  while (x >= int64_t{1} << 29) {
    x /= 4;
    ++right;
  }
  const int pairs = (__builtin_clz(static_cast<unsigned>(x)) - 1) / 2 - 1;
  right -= pairs;
  x <<= 2 * pairs;
  // Fixed point with 3 bits above the point: products of raw numbers lose three bits of scale each.
  const auto times = [](int32_t a, int32_t b) { return doubling_high_multiply(a, b); };
  const auto scaled_up = [](int32_t v, int bits) {
    const int64_t wide = int64_t{v} << bits;
    return static_cast<int32_t>(std::clamp<int64_t>(wide, INT32_MIN, INT32_MAX));
  };
  const auto input = static_cast<int32_t>(x >> 1);
  const int32_t half = rounding_shift_right(input, 1);
  constexpr int32_t kOneAndHalf = (1 << 28) + (1 << 27);
  int32_t estimate = 1 << 28;
  for (int i = 0; i < 5; ++i) {
    const int32_t cube = scaled_up(times(times(estimate, estimate), estimate), 6);
    estimate = scaled_up(times(kOneAndHalf, estimate) - times(half, cube), 3);
  }
  constexpr int32_t kRootOfHalf = 1518500250;
  estimate = times(estimate, kRootOfHalf);
  if (right < 0) {
    estimate = static_cast<int32_t>(static_cast<uint32_t>(estimate) << -right);
    right = 0;
  }
  return {estimate, -right};
}

}  // namespace thane
