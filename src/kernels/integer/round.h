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

  THANE_INLINE NarrowVec<int8_t> bytes(IntVec whole) const {
    return low_bytes(min_int(max_int(whole, low_), high_) + zero_);
  }

  // Writes V vectors of bytes, one after the other. Several at once: saturating to 16 bits and to bytes does most of
  // the work.
  template <int V>
  THANE_INLINE void store(void* to, const IntVec (&whole)[V]) const {
    int done = 0;
#if defined(__AVX512BW__)
    if constexpr (V >= 4) store_four(to, whole), done = 4;
    if constexpr (V % 4 >= 2)
      store_two(static_cast<int8_t*>(to) + done * kLanes, whole[done], whole[done + 1]), done += 2;
#elif defined(__AVX2__)
#pragma GCC unroll 2
    for (; done + 2 <= V; done += 2) {
      store_two(static_cast<int8_t*>(to) + done * kLanes, whole[done], whole[done + 1]);
    }
#endif
    for (; done < V; ++done) store_as(static_cast<int8_t*>(to) + done * kLanes, bytes(whole[done]));
  }

 private:
  static constexpr float kBeyond = 1 << 20;

  // Packing goes by 128 bits: each of them holds four numbers of every vector then, which are put in order last.
#if defined(__AVX512BW__)
  THANE_INLINE __m512i in_16_bits(IntVec a, IntVec b) const {
    const __m512i shorts = _mm512_packs_epi32(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b));
    return _mm512_adds_epi16(shorts, _mm512_set1_epi16(unsigned_zero_));
  }
  THANE_INLINE __m512i bounded(__m512i bytes) const {
    if (is_narrow_) {
      bytes =
          _mm512_min_epu8(_mm512_max_epu8(bytes, _mm512_set1_epi8(unsigned_low_)), _mm512_set1_epi8(unsigned_high_));
    }
    return bytes ^ _mm512_set1_epi8(flip_);
  }
  THANE_INLINE void store_four(void* to, const IntVec (&whole)[4]) const {
    const __m512i bytes = _mm512_packus_epi16(in_16_bits(whole[0], whole[1]), in_16_bits(whole[2], whole[3]));
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    store_as(to, bounded(_mm512_maskz_permutexvar_epi32(0xffff, order, bytes)));
  }
  THANE_INLINE void store_two(void* to, IntVec a, IntVec b) const {
    const __m512i shorts = in_16_bits(a, b);
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 0, 4, 8, 12, 1, 5, 9, 13);
    const __m512i bytes = _mm512_maskz_permutexvar_epi32(0xffff, order, _mm512_packus_epi16(shorts, shorts));
    store_as(to, _mm512_castsi512_si256(bounded(bytes)));
  }
#elif defined(__AVX2__)
  THANE_INLINE void store_two(void* to, IntVec a, IntVec b) const {
    const __m256i shorts = _mm256_packs_epi32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b));
    const __m256i sums = _mm256_adds_epi16(shorts, _mm256_set1_epi16(unsigned_zero_));
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 0, 4, 1, 5);
    __m128i bytes = _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(_mm256_packus_epi16(sums, sums), order));
    if (is_narrow_) {
      bytes = _mm_min_epu8(_mm_max_epu8(bytes, _mm_set1_epi8(unsigned_low_)), _mm_set1_epi8(unsigned_high_));
    }
    store_as(to, bytes ^ _mm_set1_epi8(flip_));
  }
#endif

  IntVec low_, high_, zero_;  // the bounds of what the zero point is added to
  // The same for bytes that are shifted up to 0 … 255, and what shifts them down again.
  int16_t unsigned_zero_;
  int8_t unsigned_low_, unsigned_high_, flip_;
  bool is_narrow_;  // not all bytes lie within the bounds
};

}  // namespace
}  // namespace thane::THANE_ISA
