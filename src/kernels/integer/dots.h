// How words of A meet a word of B, for the panels of gemm.isa.cc. Included only by *.isa.cc files.
#pragma once

#include "kernels/simd_int.h"

namespace thane::THANE_ISA {
namespace {

// Pairs of 16 bits; B takes T in memory.
template <class T>
struct Pairs {
  static constexpr int kDepth = 2;
  static constexpr bool kSplit = false;
  using Weight = T;
  static THANE_INLINE IntVec load_b(const T* from) {
    if constexpr (sizeof(T) == 1)
      return reinterpret_cast<IntVec>(widened(load_as<HalfBytes<int8_t>>(from)));
    else
      return load_as<IntVec>(from);
  }
  static THANE_INLINE IntVec add(IntVec sum, IntVec a, IntVec b) { return sum + dot_pairs(a, b); }
};

// Quads of bytes, those of A unsigned.
struct Quads {
  [[maybe_unused]] static constexpr int kDepth = 4;  // where no instruction takes quads
  static constexpr bool kSplit = false;
  using Weight = int8_t;
  static THANE_INLINE IntVec load_b(const int8_t* from) { return load_as<IntVec>(from); }
  static THANE_INLINE IntVec add(IntVec sum, IntVec a, IntVec b) { return dot_quads(sum, a, b); }
};

// Quads two bytes at a time, those of A widened to 16 bits: the second and the fourth (kOdd), or the others.
template <bool kOdd>
struct WidenedQuads {
  static constexpr int kDepth = 4;
  using Weight = int8_t;
  static THANE_INLINE IntVec load_b(const int8_t* from) {
    const auto b = load_as<ShortVec>(from);
    return reinterpret_cast<IntVec>((kOdd ? b : b << 8) >> 8);
  }
  static THANE_INLINE IntVec add(IntVec sum, IntVec a, IntVec b) { return sum + dot_pairs(a, b); }
};

#if defined(__AVX2__) && !defined(__AVX512F__)
// Quads that split_rows.h has prepared: the products of two neighbours, or of four, are added in 16 bits, which must be
// enough for them. The instruction wants unsigned bytes on one side. kSigned: A's bytes are signed, and B's 128 larger
// than B.
template <bool kSigned>
struct SplitQuads {
  static constexpr int kDepth = 4;
  static constexpr bool kSplit = true, kFours = !kSigned;
  using Weight = int8_t;
  static THANE_INLINE IntVec load_b(const int8_t* from) {
    return kSigned ? load_as<IntVec>(from) ^ splat_int(INT32_MIN | 0x808080) : load_as<IntVec>(from);
  }
  static THANE_INLINE IntVec add(IntVec sum, IntVec a, IntVec b) { return sum + pairs_of(in_16_bits(a, b)); }
  // Two words of each, whose products of bytes in the same places are added first.
  static THANE_INLINE IntVec add(IntVec sum, const IntVec (&a)[2], const IntVec (&b)[2]) {
    return sum + pairs_of(in_16_bits(a[0], b[0]) + in_16_bits(a[1], b[1]));
  }

 private:
  static THANE_INLINE ShortVec in_16_bits(IntVec a, IntVec b) {
    const auto x = reinterpret_cast<__m256i>(a), y = reinterpret_cast<__m256i>(b);
    return reinterpret_cast<ShortVec>(kSigned ? _mm256_maddubs_epi16(y, x) : _mm256_maddubs_epi16(x, y));
  }
  static THANE_INLINE IntVec pairs_of(ShortVec sums) {
    return dot_pairs(reinterpret_cast<IntVec>(sums), splat_int(0x00010001));
  }
};
#endif

}  // namespace
}  // namespace thane::THANE_ISA
