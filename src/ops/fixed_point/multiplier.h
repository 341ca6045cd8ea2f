// Real factors as TensorFlow Lite applies them to integers: its reference kernels by a 31-bit fraction and a power of
// two, with two roundings, XNNPACK by a float. Every function here gives the same bits everywhere.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace thane {

// (a · b · 2) >> 32, halves away from zero; the one product that does not fit saturates.
inline int32_t doubling_high_multiply(int32_t a, int32_t b) {
  if (a == b && a == std::numeric_limits<int32_t>::min()) return std::numeric_limits<int32_t>::max();
  const int64_t product = int64_t{a} * b;
  const int64_t nudge = product >= 0 ? int64_t{1} << 30 : 1 - (int64_t{1} << 30);
  return static_cast<int32_t>((product + nudge) / (int64_t{1} << 31));
}
inline int16_t doubling_high_multiply_16(int16_t a, int16_t b) {
  if (a == b && a == std::numeric_limits<int16_t>::min()) return std::numeric_limits<int16_t>::max();
  const int32_t product = int32_t{a} * b;
  const int32_t nudge = product >= 0 ? 1 << 14 : 1 - (1 << 14);
  return static_cast<int16_t>((product + nudge) / (1 << 15));
}

// x / 2^exponent, halves away from zero. 0 <= exponent <= 31.
inline int32_t rounding_shift_right(int32_t x, int exponent) {
  const auto mask = static_cast<int32_t>((int64_t{1} << exponent) - 1);
  const int32_t rest = x & mask;
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (rest > threshold ? 1 : 0);
}

// The whole number nearest to x · factor, in float, halves to even. factor: finite.
inline int64_t nearest_product(int32_t x, float factor) {
  constexpr float kMost = 0x1p62f;  // far beyond what any result clamps to
  return std::llrint(std::clamp(static_cast<float>(x) * factor, -kMost, kMost));
}

// factor ≈ fraction · 2^(shift - 31).
struct FixedMultiplier {
  int32_t fraction = 0;
  int shift = 0;

  static FixedMultiplier of(double factor) {
    FixedMultiplier result;
    if (!(factor > 0) || !std::isfinite(factor)) return result;
    auto fixed = static_cast<int64_t>(std::round(std::frexp(factor, &result.shift) * 2147483648.0));
    if (fixed == int64_t{1} << 31) {
      fixed /= 2;
      ++result.shift;
    }
    if (result.shift < -31) return {};
    if (result.shift > 30) return {std::numeric_limits<int32_t>::max(), 30};
    result.fraction = static_cast<int32_t>(fixed);
    return result;
  }

  // Of a 32-bit number; shifts to the left wrap.
  int32_t times(int32_t x) const {
    const int left = std::max(shift, 0), right = std::max(-shift, 0);
    const auto shifted = static_cast<int32_t>(static_cast<uint32_t>(x) << left);
    return rounding_shift_right(doubling_high_multiply(shifted, fraction), right);
  }

  // Of a sum of up to 48 bits, by the upper half of the fraction.
  int32_t times_wide(int64_t x) const {
    const int64_t reduced = fraction < 0x7fff0000 ? (int64_t{fraction} + (1 << 15)) >> 16 : 0x7fff;
    const int total = 15 - std::min(shift, 14);
    const auto product =
        static_cast<int64_t>(static_cast<uint64_t>(x) * static_cast<uint64_t>(reduced) + (uint64_t{1} << (total - 1)));
    return static_cast<int32_t>(product >> std::min(total, 62));
  }
};

}  // namespace thane
