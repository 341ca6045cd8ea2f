// The thin vector type kernel bodies are written in: one hardware vector of floats, by the compilers' vector extension,
// so that the same source becomes SSE2, AVX2, AVX-512 or NEON code. Included only by *.isa.cc files.
#pragma once

#include <cstddef>
#include <cstdint>

namespace thane::THANE_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX2__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

using Vec = float __attribute__((vector_size(kLanes * sizeof(float))));

inline __attribute__((always_inline)) Vec load(const float* from) {
  Vec v;
  __builtin_memcpy(&v, from, sizeof(v));
  return v;
}

inline __attribute__((always_inline)) void store(float* to, Vec v) { __builtin_memcpy(to, &v, sizeof(v)); }

inline __attribute__((always_inline)) Vec splat(float x) { return Vec{} + x; }

// Where a comparison with NaN fails, the second operand is the result.
inline __attribute__((always_inline)) Vec min(Vec a, Vec b) { return a < b ? a : b; }
inline __attribute__((always_inline)) Vec max(Vec a, Vec b) { return a > b ? a : b; }

}  // namespace
}  // namespace thane::THANE_ISA
