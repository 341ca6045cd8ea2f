// How products read the words of a packed panel (GemmWord). Included only by *.isa.cc files.
#pragma once

#include "kernels/simd.h"

namespace thane::THANE_ISA {
namespace {

// A word that holds one element.
struct FloatWord {
  static constexpr int64_t kDepth = 1;
  static constexpr int64_t count(int64_t k) { return k; }
  // Elements of A that words are multiplied by: a[0 … kDepth).
  struct Row {
    Vec x;
    THANE_INLINE explicit Row(const float* a) : x(splat(a[0])) {}
    THANE_INLINE Vec times(const float* words, Vec sum) const { return sum + x * load(words); }
  };
};

// Two elements in bfloat16, the upper halves of floats.
struct Bf16Pair {
  static constexpr int64_t kDepth = 2;
  static constexpr int64_t count(int64_t k) { return (k + 1) / 2; }
  THANE_INLINE static Vec first(Vec words) { return from_bits(bits_of(words) << 16); }
  THANE_INLINE static Vec second(Vec words) { return from_bits(bits_of(words) & -0x10000); }
  struct Row {
    Vec x, y;
    THANE_INLINE explicit Row(const float* a) : x(splat(a[0])), y(splat(a[1])) {}
    THANE_INLINE Vec times(const float* words, Vec sum) const {
      const Vec pairs = load(words);
      return sum + x * first(pairs) + y * second(pairs);
    }
  };
};

}  // namespace
}  // namespace thane::THANE_ISA
