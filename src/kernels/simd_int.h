// Integer vectors for kernel bodies: what the compilers' vector extension has no words for. Included only by *.isa.cc
// files.
#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "kernels/simd.h"

namespace thane::THANE_ISA {
namespace {

using ShortVec = int16_t __attribute__((vector_size(kLanes * 4)));
using ByteVec = int8_t __attribute__((vector_size(kLanes * 4)));
template <class T>
using NarrowVec __attribute__((vector_size(kLanes))) = T;  // a byte per lane of IntVec
template <class T>
using HalfBytes __attribute__((vector_size(kLanes * 2))) = T;  // a byte per lane of ShortVec

template <class V, class T>
THANE_INLINE V load_as(const T* from) {
  V v;
  __builtin_memcpy(&v, from, sizeof(v));
  return v;
}
template <class V, class T>
THANE_INLINE void store_as(T* to, V v) {
  __builtin_memcpy(to, &v, sizeof(v));
}

THANE_INLINE IntVec min_int(IntVec a, IntVec b) { return a < b ? a : b; }
THANE_INLINE IntVec max_int(IntVec a, IntVec b) { return a > b ? a : b; }

// Bytes to 16 bits; the vector extension would do it in halves.
THANE_INLINE ShortVec widened(HalfBytes<int8_t> bytes) {
#if defined(__AVX512BW__)
  return reinterpret_cast<ShortVec>(_mm512_cvtepi8_epi16(reinterpret_cast<__m256i>(bytes)));
#elif defined(__AVX2__)
  return reinterpret_cast<ShortVec>(_mm256_cvtepi8_epi16(reinterpret_cast<__m128i>(bytes)));
#else
  return __builtin_convertvector(bytes, ShortVec);
#endif
}
THANE_INLINE ShortVec widened(HalfBytes<uint8_t> bytes) {
#if defined(__AVX512BW__)
  return reinterpret_cast<ShortVec>(_mm512_cvtepu8_epi16(reinterpret_cast<__m256i>(bytes)));
#elif defined(__AVX2__)
  return reinterpret_cast<ShortVec>(_mm256_cvtepu8_epi16(reinterpret_cast<__m128i>(bytes)));
#else
  return __builtin_convertvector(bytes, ShortVec);
#endif
}

// Bytes to 32 bits. Compilers turn the vector extension's conversion into moves of single bytes.
THANE_INLINE IntVec to_ints(NarrowVec<int8_t> bytes) {
#if defined(__AVX512F__)
  return reinterpret_cast<IntVec>(_mm512_cvtepi8_epi32(reinterpret_cast<__m128i>(bytes)));
#elif defined(__AVX2__)
  return reinterpret_cast<IntVec>(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(&bytes))));
#elif defined(__aarch64__)
  return reinterpret_cast<IntVec>(vmovl_s16(vget_low_s16(vmovl_s8(vcreate_s8(load_as<uint32_t>(&bytes))))));
#else
  return __builtin_convertvector(bytes, IntVec);
#endif
}
THANE_INLINE IntVec to_ints(NarrowVec<uint8_t> bytes) {
#if defined(__AVX512F__)
  return reinterpret_cast<IntVec>(_mm512_cvtepu8_epi32(reinterpret_cast<__m128i>(bytes)));
#elif defined(__AVX2__)
  return reinterpret_cast<IntVec>(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(&bytes))));
#elif defined(__aarch64__)
  return reinterpret_cast<IntVec>(vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(load_as<uint32_t>(&bytes))))));
#else
  return __builtin_convertvector(bytes, IntVec);
#endif
}

// Lanes of 16 bits of two vectors side by side, as dot_pairs takes them. Every 128 bits of a and b, eight lanes each,
// give the first four pairs to `low`, the others to `high`.
struct PairsOfLanes {
  IntVec low, high;
  THANE_INLINE PairsOfLanes(ShortVec a, ShortVec b) {
#if defined(__AVX512BW__)
    const auto first = reinterpret_cast<__m512i>(a), second = reinterpret_cast<__m512i>(b);
    low = reinterpret_cast<IntVec>(_mm512_unpacklo_epi16(first, second));
    high = reinterpret_cast<IntVec>(_mm512_unpackhi_epi16(first, second));
#elif defined(__AVX2__)
    const auto first = reinterpret_cast<__m256i>(a), second = reinterpret_cast<__m256i>(b);
    low = reinterpret_cast<IntVec>(_mm256_unpacklo_epi16(first, second));
    high = reinterpret_cast<IntVec>(_mm256_unpackhi_epi16(first, second));
#else
    low = reinterpret_cast<IntVec>(__builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11));
    high = reinterpret_cast<IntVec>(__builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15));
#endif
  }
};
// The lane of a and b that PairsOfLanes puts into lane i of `low`; into that of `high` goes the one four further on.
constexpr int lane_of_low_pair(int i) { return i / 4 * 8 + i % 4; }

// From the order of PairsOfLanes to that of a and b.
THANE_INLINE void restore_order(IntVec& low, IntVec& high) {
#if defined(__AVX512F__)
  const auto a = reinterpret_cast<__m512i>(low), b = reinterpret_cast<__m512i>(high);
  const __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
  low = reinterpret_cast<IntVec>(_mm512_permutex2var_epi32(a, first, b));
  high = reinterpret_cast<IntVec>(_mm512_permutex2var_epi32(a, _mm512_add_epi32(first, _mm512_set1_epi32(8)), b));
#elif defined(__AVX2__)
  const auto a = reinterpret_cast<__m256i>(low), b = reinterpret_cast<__m256i>(high);
  low = reinterpret_cast<IntVec>(_mm256_permute2x128_si256(a, b, 0x20));
  high = reinterpret_cast<IntVec>(_mm256_permute2x128_si256(a, b, 0x31));
#else
  (void)low, (void)high;  // are in order
#endif
}

// The lowest bytes of the lanes of v. (Masks of all lanes: as in simd.h's min.)
THANE_INLINE NarrowVec<int8_t> low_bytes(IntVec v) {
#if defined(__AVX512F__)
  return reinterpret_cast<NarrowVec<int8_t>>(_mm512_maskz_cvtepi32_epi8(0xffff, reinterpret_cast<__m512i>(v)));
#elif defined(__AVX2__)
  const __m256i order = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0,
                                         4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1);
  const __m256i halves = _mm256_shuffle_epi8(reinterpret_cast<__m256i>(v), order);
  const __m128i both = _mm_or_si128(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
  return load_as<NarrowVec<int8_t>>(&both);
#else
  // In two steps, each of which is an instruction: compilers would take out one byte after the other.
  using HalfShorts __attribute__((vector_size(kLanes * 2))) = int16_t;
  const auto shorts = __builtin_convertvector(v, HalfShorts);
  const auto bytes =
      __builtin_convertvector(__builtin_shufflevector(shorts, shorts, 0, 1, 2, 3, 0, 1, 2, 3), HalfBytes<int8_t>);
  return load_as<NarrowVec<int8_t>>(&bytes);
#endif
}

// The nearest whole numbers, halves to even. What is NaN or does not fit becomes some negative number of at least 22
// bits; NEON's and portable code's keep the sign.
THANE_INLINE IntVec nearest_ints(Vec v) {
#if defined(__AVX512F__)
  return reinterpret_cast<IntVec>(_mm512_maskz_cvtps_epi32(0xffff, v));
#elif defined(__AVX2__)
  return reinterpret_cast<IntVec>(_mm256_cvtps_epi32(v));
#elif defined(__SSE2__)
  return reinterpret_cast<IntVec>(_mm_cvtps_epi32(v));
#elif defined(__aarch64__)
  constexpr float kLeast = -(1 << 22);
  return reinterpret_cast<IntVec>(vcvtnq_s32_f32(reinterpret_cast<float32x4_t>(max(v, splat(kLeast)))));
#else
  constexpr float kMost = 1 << 22, kShift = 3 << 22;  // adding the second leaves no fraction
  const Vec bounded = min(splat(kMost), max(v, splat(-kMost)));
  return bits_of(bounded + splat(kShift)) - bits_of(splat(kShift));
#endif
}

// Lane i: a[2i]·b[2i] + a[2i + 1]·b[2i + 1].
THANE_INLINE IntVec dot_pairs(IntVec a, IntVec b) {
#if defined(__AVX512BW__)
  return reinterpret_cast<IntVec>(_mm512_madd_epi16(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#elif defined(__AVX2__)
  return reinterpret_cast<IntVec>(_mm256_madd_epi16(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#elif defined(__SSE2__)
  return reinterpret_cast<IntVec>(_mm_madd_epi16(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  return ((a << 16) >> 16) * ((b << 16) >> 16) + (a >> 16) * (b >> 16);
#endif
}

// Lane i: sum + Σ a[4i + j]·b[4i + j] over j in [0, 4), bytes of a unsigned, of b signed; nothing saturates.
THANE_INLINE IntVec dot_quads(IntVec sum, IntVec a, IntVec b) {
#if defined(__AVX512VNNI__)
  return reinterpret_cast<IntVec>(
      _mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sum), reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#else
  for (int shift = 0; shift < 32; shift += 8) sum += ((a >> shift) & 255) * ((b << (24 - shift)) >> 24);
  return sum;
#endif
}

}  // namespace
}  // namespace thane::THANE_ISA
