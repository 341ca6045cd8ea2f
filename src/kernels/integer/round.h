// Floats to bytes, for the bodies of this folder. Included only by *.isa.cc files.
#pragma once

#include "kernels/simd_math.h"

namespace thane::THANE_ISA {
namespace {

// Rounded to whole numbers, halves to even, plus a zero point, within the bounds of a byte's range. What comes out are
// numbers whose lowest bytes are the result.
struct RoundedBytes {
  Vec low, high;
  IntVec zero;
  THANE_INLINE RoundedBytes(int32_t low, int32_t high, int32_t zero)
      : low(splat(static_cast<float>(low - zero))),
        high(splat(static_cast<float>(high - zero))),
        zero(splat_int(zero)) {}
  // The whole number stands in the last bits of its sum with kRounder.
  THANE_INLINE IntVec operator()(Vec v) const { return bits_of(clamped(v) + splat(kRounder)) + zero; }
  // worst: goes up to the largest distance of numbers within the bounds from what they are rounded to.
  THANE_INLINE IntVec operator()(Vec v, Vec& worst) const {
    const Vec q = clamped(v), rounded = q + splat(kRounder);
    worst = max(worst, abs(q - (rounded - splat(kRounder))));
    return bits_of(rounded) + zero;
  }

 private:
  THANE_INLINE Vec clamped(Vec v) const { return min(high, max(v, low)); }
};

}  // namespace
}  // namespace thane::THANE_ISA
