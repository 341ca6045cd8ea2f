// The thin vector type kernel bodies are written in: one hardware vector of floats, by the compilers' vector extension,
// so that the same source becomes SSE2, AVX2, AVX-512 or NEON code. Included only by *.isa.cc files.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/isa.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define THANE_INLINE inline __attribute__((always_inline))
// One copy for all callers, whatever constants they give.
#if defined(__clang__)
#define THANE_APART __attribute__((noinline))
#else
#define THANE_APART __attribute__((noinline, noclone))
#endif

namespace thane::THANE_ISA {
namespace {

// kThisIsa: the level whose copies of other families this one's bodies call.
#if defined(__AVX512F__)
constexpr int kLanes = 16;
constexpr Isa kThisIsa = Isa::kAvx512;
#elif defined(__AVX2__)
constexpr int kLanes = 8;
constexpr Isa kThisIsa = Isa::kAvx2;
#else
constexpr int kLanes = 4;
constexpr Isa kThisIsa = Isa::kPortable;
#endif

using Vec = float __attribute__((vector_size(kLanes * sizeof(float))));
using IntVec = int32_t __attribute__((vector_size(kLanes * sizeof(float))));

THANE_INLINE Vec load(const float* from) {
  Vec v;
  __builtin_memcpy(&v, from, sizeof(v));
  return v;
}

THANE_INLINE void store(float* to, Vec v) { __builtin_memcpy(to, &v, sizeof(v)); }

// x − 0 is x for every x, −0 included, which 0 + x is not: only this costs nothing.
THANE_INLINE Vec splat(float x) { return x - Vec{}; }
THANE_INLINE IntVec splat_int(int32_t x) { return IntVec{} + x; }

// v as it would be after a store and a load: no multiply-add spans it.
THANE_INLINE Vec rounded(Vec v) {
#if defined(__x86_64__)
  asm("" : "+v"(v));
#elif defined(__aarch64__)
  asm("" : "+w"(v));
#endif
  return v;
}

// Where a comparison with NaN fails, the second operand is the result.
#if defined(__AVX512F__)
// With a mask of all lanes: the plain forms read an undefined vector, of which g++ 12 warns (GCC bug 105593).
THANE_INLINE Vec min(Vec a, Vec b) { return _mm512_maskz_min_ps(0xffff, a, b); }
THANE_INLINE Vec max(Vec a, Vec b) { return _mm512_maskz_max_ps(0xffff, a, b); }
#elif defined(__AVX2__)  // GCC makes a comparison and a blend of `a < b ? a : b` where one side is constant
THANE_INLINE Vec min(Vec a, Vec b) { return _mm256_min_ps(a, b); }
THANE_INLINE Vec max(Vec a, Vec b) { return _mm256_max_ps(a, b); }
#else
THANE_INLINE Vec min(Vec a, Vec b) { return a < b ? a : b; }
THANE_INLINE Vec max(Vec a, Vec b) { return a > b ? a : b; }
#endif

THANE_INLINE IntVec bits_of(Vec v) { return reinterpret_cast<IntVec>(v); }
THANE_INLINE Vec from_bits(IntVec v) { return reinterpret_cast<Vec>(v); }
THANE_INLINE Vec abs(Vec v) { return from_bits(bits_of(v) & 0x7fffffff); }
// |magnitude| with the sign of `sign`.
THANE_INLINE Vec copy_sign(Vec magnitude, Vec sign) {
  return from_bits((bits_of(magnitude) & 0x7fffffff) | (bits_of(sign) & splat_int(INT32_MIN)));
}
THANE_INLINE Vec sqrt(Vec v) {
  Vec root;
  for (int i = 0; i < kLanes; ++i) root[i] = __builtin_sqrtf(v[i]);
  return root;
}

// The first n lanes, 0 < n < kLanes; others are 0.
#if defined(__AVX512F__)
THANE_INLINE uint16_t first_lanes(int64_t n) { return static_cast<uint16_t>((1u << n) - 1); }
THANE_INLINE Vec load_some(const float* from, int64_t n) { return _mm512_maskz_loadu_ps(first_lanes(n), from); }
THANE_INLINE void store_some(float* to, Vec v, int64_t n) { _mm512_mask_storeu_ps(to, first_lanes(n), v); }
#else
#if defined(__AVX2__)
THANE_INLINE Vec load_some(const float* from, int64_t n) {
  const IntVec lane = {0, 1, 2, 3, 4, 5, 6, 7};
  return _mm256_maskload_ps(from, reinterpret_cast<__m256i>(lane < splat_int(static_cast<int32_t>(n))));
}
#else
THANE_INLINE Vec load_some(const float* from, int64_t n) {
  float lanes[kLanes] = {};
  for (int64_t i = 0; i < n; ++i) lanes[i] = from[i];
  return load(lanes);
}
#endif
// Element by element: masked stores of AVX2 take longer on some CPUs.
THANE_INLINE void store_some(float* to, Vec v, int64_t n) {
  float lanes[kLanes];
  store(lanes, v);
  for (int64_t i = 0; i < n; ++i) to[i] = lanes[i];
}
#endif

// The first n lanes, or all of them where n is kLanes: one loop for whole vectors and the last one.
THANE_INLINE Vec get(const float* from, int64_t n) { return n == kLanes ? load(from) : load_some(from, n); }
THANE_INLINE void put(float* to, Vec v, int64_t n) { n == kLanes ? store(to, v) : store_some(to, v, n); }

// The first n lanes, or all of them where n is more: one loop for whole vectors and the last one, where masks cost
// nothing. Other sets take whole vectors only.
#if defined(__AVX512F__)
constexpr bool kHasMasks = true;
class Part {
 public:
  THANE_INLINE explicit Part(int64_t n) : mask_(n < kLanes ? first_lanes(n) : uint16_t{0xffff}) {}
  THANE_INLINE Vec load(const float* from) const { return _mm512_maskz_loadu_ps(mask_, from); }
  THANE_INLINE void store(float* to, Vec v) const { _mm512_mask_storeu_ps(to, mask_, v); }

 private:
  uint16_t mask_;
};
#else
constexpr bool kHasMasks = false;
struct Part {
  THANE_INLINE explicit Part(int64_t) {}
  THANE_INLINE Vec load(const float* from) const { return thane::THANE_ISA::load(from); }
  THANE_INLINE void store(float* to, Vec v) const { thane::THANE_ISA::store(to, v); }
};
#endif

// Halves added to halves: the order is the same for every caller.
THANE_INLINE float sum_lanes(Vec v) {
  float lanes[kLanes];
  store(lanes, v);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  }
  return lanes[0];
}
THANE_INLINE float max_lanes(Vec v) {
  float lanes[kLanes];
  store(lanes, v);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) lanes[i] = lanes[i] > lanes[i + width] ? lanes[i] : lanes[i + width];
  }
  return lanes[0];
}

THANE_INLINE bool any_above(Vec v, float limit) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask(v, splat(limit), _CMP_GT_OQ) != 0;
#elif defined(__AVX2__)
  return _mm256_movemask_ps(_mm256_cmp_ps(v, splat(limit), _CMP_GT_OQ)) != 0;
#else
  return max_lanes(v) > limit;
#endif
}

}  // namespace
}  // namespace thane::THANE_ISA
