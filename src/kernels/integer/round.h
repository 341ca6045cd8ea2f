// Floats to bytes. Included only by *.isa.cc files.
#pragma once

#include "kernels/simd_int.h"
#include "kernels/simd_math.h"

namespace thane::THANE_ISA {
namespace {

// The nearest whole numbers, where 32 bits hold them. worst: goes up to the largest distance from them.
THANE_INLINE IntVec nearest_ints(Vec v, Vec& worst) {
  const IntVec nearest = nearest_ints(v);
  worst = max(worst, abs(v - __builtin_convertvector(nearest, Vec)));
  return nearest;
}

// Rounded to whole numbers, halves to even, plus a zero point, within bounds that lie in 0 … 255 or in -128 … 127.
class RoundedBytes {
 public:
  THANE_INLINE RoundedBytes(int32_t low, int32_t high, int32_t zero)
      : low_(splat_int(low - zero)), high_(splat_int(high - zero)), zero_(splat_int(zero)) {
    const bool is_signed = low < 0;
    const int32_t up = is_signed ? 128 : 0;
    flip_ = static_cast<int8_t>(up);
    unsigned_zero_ = static_cast<int16_t>(zero + up);
    unsigned_low_ = static_cast<int8_t>(low + up);
    unsigned_high_ = static_cast<int8_t>(high + up);
    is_narrow_ = high - low < 255;
  }

  // The nearest whole numbers, or something beyond the bounds on the same side; NaN lies below them.
  static THANE_INLINE IntVec whole(Vec v) { return nearest_ints(min(splat(kBeyond), v)); }
  static THANE_INLINE IntVec whole(Vec v, Vec& worst) { return nearest_ints(min(splat(kBeyond), v), worst); }

  THANE_INLINE NarrowVec<int8_t> bytes(IntVec whole) const {
    return low_bytes(min_int(max_int(whole, low_), high_) + zero_);
  }

  // Writes V vectors of bytes, one after the other.
  template <int V>
  THANE_INLINE void store(void* to, const IntVec (&whole)[V]) const {
#if defined(__AVX2__) && !defined(__AVX512F__)
    if constexpr (V == 2) {  // both at once: saturating to 16 bits and to bytes does most of the work
      const __m256i shorts =
          _mm256_packs_epi32(reinterpret_cast<__m256i>(whole[0]), reinterpret_cast<__m256i>(whole[1]));
      const __m256i sums = _mm256_adds_epi16(shorts, _mm256_set1_epi16(unsigned_zero_));
      // Each half now holds four numbers of the first vector and four of the second.
      const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 0, 4, 1, 5);
      __m128i bytes = _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(_mm256_packus_epi16(sums, sums), order));
      if (is_narrow_) {
        bytes = _mm_min_epu8(_mm_max_epu8(bytes, _mm_set1_epi8(unsigned_low_)), _mm_set1_epi8(unsigned_high_));
      }
      _mm_storeu_si128(static_cast<__m128i*>(to), _mm_xor_si128(bytes, _mm_set1_epi8(flip_)));
      return;
    }
#endif
    for (int i = 0; i < V; ++i) store_as(static_cast<int8_t*>(to) + i * kLanes, bytes(whole[i]));
  }

 private:
  static constexpr float kBeyond = 1 << 20;

  IntVec low_, high_, zero_;  // the bounds of what the zero point is added to
  // The same for bytes that are shifted up to 0 … 255, and what shifts them down again.
  int16_t unsigned_zero_;
  int8_t unsigned_low_, unsigned_high_, flip_;
  bool is_narrow_;  // not all bytes lie within the bounds
};

}  // namespace
}  // namespace thane::THANE_ISA
