// Factors of more than 16 bits, for sums of two products. Included only by *.isa.cc files.
#pragma once

#include "kernels/simd_int.h"

namespace thane::THANE_ISA {
namespace {

// a and b in two parts each: both upper parts, and both lower ones, go by one product of pairs.
class PairFactors {
 public:
  PairFactors() = default;
  // Within ±2^24.
  PairFactors(int32_t a, int32_t b)
      : high_(pair(a >> kLowBits, b >> kLowBits)), low_(pair(a & kLowMask, b & kLowMask)) {}

  // a·x + b·z + offset; x and z within 16 bits.
  THANE_INLINE IntVec sum(IntVec x, IntVec z, IntVec offset) const {
    const IntVec both = (z << 16) | (x & 0xffff);
    return (dot_pairs(both, high_) << kLowBits) + (dot_pairs(both, low_) + offset);
  }

 private:
  static constexpr int kLowBits = 9, kLowMask = (1 << kLowBits) - 1;
  static IntVec pair(int32_t a, int32_t b) { return splat_int(static_cast<int32_t>(uint32_t(b) << 16) | (a & 0xffff)); }

  IntVec high_, low_;  // pairs of factors for pairs of operands
};

}  // namespace
}  // namespace thane::THANE_ISA
