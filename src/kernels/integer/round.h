// Floats to bytes. Included only by *.isa.cc files.
#pragma once

#include "kernels/simd_int.h"
#include "kernels/simd_math.h"

namespace thane::THANE_ISA {
namespace {

// Rounded to whole numbers, halves to even, plus a zero point, within bounds that lie in 0 … 255 or in -128 … 127.
class RoundedBytes {
 public:
  THANE_INLINE RoundedBytes(int32_t low, int32_t high, int32_t zero)
      : low_(splat_int(low - zero)), high_(splat_int(high - zero)), zero_(splat_int(zero)) {}

  // The nearest whole numbers, or something beyond the bounds on the same side; NaN lies below them.
  static THANE_INLINE IntVec whole(Vec v) { return nearest_ints(min(splat(kBeyond), v)); }
  // worst: goes up to the largest distance of numbers from what they are rounded to.
  static THANE_INLINE IntVec whole(Vec v, Vec& worst) {
    const IntVec nearest = whole(v);
    worst = max(worst, abs(v - __builtin_convertvector(nearest, Vec)));
    return nearest;
  }

  THANE_INLINE NarrowVec<int8_t> bytes(IntVec whole) const {
    return low_bytes(min_int(max_int(whole, low_), high_) + zero_);
  }

  // Writes V vectors of bytes, one after the other.
  template <int V>
  THANE_INLINE void store(void* to, const IntVec (&whole)[V]) const {
#if defined(__AVX2__) && !defined(__AVX512F__)
    if constexpr (V == 2) {  // both at once, as numbers of 16 bits
      const auto shorts = [](IntVec a, IntVec b) {
        return _mm256_packs_epi32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b));
      };
      const __m256i both = _mm256_max_epi16(shorts(whole[0], whole[1]), shorts(low_, low_));
      const __m256i clamped = _mm256_min_epi16(both, shorts(high_, high_));
      const __m256i sums = _mm256_add_epi16(clamped, shorts(zero_, zero_));
      // Each half now holds four numbers of the first vector and four of the second.
      const __m256i low_bytes =
          _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 0, 0, 0, 0, 0, 0, 0, 0));
      const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 0, 4, 1, 5);
      const __m256i halves = _mm256_shuffle_epi8(sums, low_bytes);
      _mm_storeu_si128(static_cast<__m128i*>(to), _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(halves, order)));
      return;
    }
#endif
    for (int i = 0; i < V; ++i) store_as(static_cast<int8_t*>(to) + i * kLanes, bytes(whole[i]));
  }

 private:
  static constexpr float kBeyond = 1 << 20;

  IntVec low_, high_, zero_;  // the bounds of what the zero point is added to
};

}  // namespace
}  // namespace thane::THANE_ISA
