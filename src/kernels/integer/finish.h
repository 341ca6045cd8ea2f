// The epilogues of epilogue.h on vectors, for the bodies of this folder.
#pragma once

#include "kernels/integer/epilogue.h"
#include "kernels/integer/round.h"
#include "kernels/simd_int.h"

namespace thane::THANE_ISA {
namespace {

// Sums to bytes, one struct per kind; made once for a vector of columns.
struct ScaledColumns {
  Vec scale;
  RoundedBytes rounded;
  THANE_INLINE ScaledColumns(const IntegerEpilogue& e, int64_t column)
      : scale(load(e.scales + column)), rounded(e.low, e.high, e.zero) {}
  THANE_INLINE NarrowVec<int8_t> operator()(IntVec sum) const {
    return rounded.bytes(rounded.whole(__builtin_convertvector(sum, Vec) * scale));
  }
};

template <class Factor>
struct FixedColumns {
  Factor factor;
  IntVec zero, low, high;
  THANE_INLINE FixedColumns(const IntegerEpilogue& e, int64_t column)
      : factor(load_as<IntVec>(e.fractions + column), load_as<IntVec>(e.shifts + column)),
        zero(splat_int(e.zero)),
        low(splat_int(e.low - e.zero)),
        high(splat_int(e.high - e.zero)) {}
  THANE_INLINE NarrowVec<int8_t> operator()(IntVec sum) const {
    return low_bytes(min_int(max_int(factor.times(sum), low), high) + zero);
  }
};

THANE_INLINE void store_bytes(void* to, NarrowVec<int8_t> bytes, int64_t n) {
  if (n >= kLanes) return store_as(static_cast<int8_t*>(to), bytes);
#if defined(__AVX512BW__)
  _mm_mask_storeu_epi8(to, first_lanes(n), reinterpret_cast<__m128i>(bytes));
#else
  for (int64_t i = 0; i < n; ++i) static_cast<int8_t*>(to)[i] = bytes[i];
#endif
}

// Sums of one vector of columns from `column` on, `count` of which exist (perhaps more than the vector has).
// for_sums(write) calls write(sum, at) for each; the result goes to element `at` of `to`.
template <class ForSums>
THANE_INLINE void finish_columns(const IntegerEpilogue& e, int64_t column, int64_t count, void* to,
                                 const ForSums& for_sums) {
  const IntVec bias = e.bias ? load_as<IntVec>(e.bias + column) : IntVec{};
  const auto write_bytes = [&](const auto& columns) {
    for_sums([&](IntVec sum, int64_t at) { store_bytes(static_cast<int8_t*>(to) + at, columns(sum + bias), count); });
  };
  switch (e.result) {
    case IntegerResult::kScaled: write_bytes(ScaledColumns(e, column)); break;
    case IntegerResult::kFixed:
      if (e.shrinks)
        write_bytes(FixedColumns<FixedRightFactor>(e, column));
      else
        write_bytes(FixedColumns<FixedFactor>(e, column));
      break;
    case IntegerResult::kReals: {
      const Vec scale = load(e.scales + column);
      const Vec addend = e.addends ? load(e.addends + column) : splat(-0.0f);  // leaves 0
      for_sums([&](IntVec sum, int64_t at) {
        const Vec real = __builtin_convertvector(sum + bias, Vec) * scale + addend;
        if (count >= kLanes)
          store(static_cast<float*>(to) + at, real);
        else
          store_some(static_cast<float*>(to) + at, real, count);
      });
      break;
    }
    case IntegerResult::kSums:
      for_sums([&](IntVec sum, int64_t at) {
        const IntVec whole = sum + bias;
        if (count >= kLanes) return store_as(static_cast<int32_t*>(to) + at, whole);
        for (int64_t i = 0; i < count; ++i) static_cast<int32_t*>(to)[at + i] = whole[i];
      });
  }
}

// Rows of sums in memory, `width` apart. `to` is where the first one's first column goes, `stride` the elements between
// rows.
struct SumRows {
  const int32_t* sums;
  int64_t width, rows;
  void* to;
  int64_t stride;
};

inline THANE_APART void finish_any(const IntegerEpilogue& e, int64_t column, const SumRows& s, int64_t first,
                                   int64_t n) {
  for (int64_t j = first; j < n; j += kLanes) {
    finish_columns(e, column + j, n - j, s.to, [&](const auto& write) {
      for (int64_t r = 0; r < s.rows; ++r) write(load_as<IntVec>(s.sums + r * s.width + j), r * s.stride + j);
    });
  }
}

constexpr bool kFixes = kLanes >= 8;  // tiles round as TensorFlow Lite does: where that code is small

// FixedRightFactor in floats, which nearly always tell what it gives: with v = sum · fraction · 2^(shift - 31) that is
// floor(v + ½ ± 2^(shift - 1)), with the sign of v.
struct FloatColumns {
  Vec scale, addend;
  IntVec bias;
  FloatColumns() = default;
  THANE_INLINE FloatColumns(const IntegerEpilogue& e, int64_t column)
      : bias(e.bias ? load_as<IntVec>(e.bias + column) : IntVec{}) {
    const auto shift = load_as<IntVec>(e.shifts + column), fraction = load_as<IntVec>(e.fractions + column);
    scale = __builtin_convertvector(fraction, Vec) * power_of_two(shift - 31);
    addend = power_of_two(shift - 1);
  }
  // Up to four roundings of numbers of about 256 at most, others being clamped: up to this distance from a whole number
  // that one is right. (No sum becomes larger: all are numbers of 32 bits.)
  static constexpr float kSure = 0.5f - 5 * 256 * 0x1p-24f;
  static THANE_INLINE Vec with_sign_of(Vec x, Vec positive) {
#if defined(__AVX512F__)
    constexpr int kOrAnd = 0xf8;  // a | (b & c)
    return reinterpret_cast<Vec>(_mm512_ternarylogic_epi32(
        reinterpret_cast<__m512i>(positive), reinterpret_cast<__m512i>(x), _mm512_set1_epi32(INT32_MIN), kOrAnd));
#else
    return from_bits(bits_of(positive) | (bits_of(x) & INT32_MIN));
#endif
  }
  // kSigned: negative results count; else the least that does is 0.
  template <bool kSigned>
  THANE_INLINE IntVec whole(IntVec sum, Vec& worst) const {
    const Vec x = __builtin_convertvector(sum + bias, Vec);
    const Vec added = kSigned ? with_sign_of(x, addend) : addend;
    return nearest_ints(x * scale + added, worst);
  }
};

// Columns of whole pairs of vectors; how many those are. kSigned: as in FloatColumns.
template <bool kSigned>
THANE_APART int64_t finish_pairs(const IntegerEpilogue& e, int64_t column, const SumRows& s, int64_t n) {
  constexpr int64_t kTogether = 4;  // rows told to be sure or not
  const RoundedBytes rounded(e.low, e.high, e.zero);
  int64_t j = 0;
  for (; j + 2 * kLanes <= n; j += 2 * kLanes) {
    const FloatColumns left(e, column + j), right(e, column + j + kLanes);
    for (int64_t r = 0; r < s.rows; r += kTogether) {
      const int64_t rows = s.rows - r < kTogether ? s.rows - r : kTogether;
      const int32_t* sums = s.sums + r * s.width;
      int8_t* to = static_cast<int8_t*>(s.to) + r * s.stride;
      Vec worst{};
#pragma GCC unroll 1
      for (int64_t i = 0; i < rows; ++i) {
        const int32_t* row = sums + i * s.width + j;
        const IntVec both[2] = {left.whole<kSigned>(load_as<IntVec>(row), worst),
                                right.whole<kSigned>(load_as<IntVec>(row + kLanes), worst)};
        rounded.store(to + i * s.stride + j, both);
      }
      if (any_above(worst, FloatColumns::kSure)) {
        finish_any(e, column, {sums, s.width, rows, to, s.stride}, j, j + 2 * kLanes);
      }
    }
  }
  return j;
}

// Whatever the result and however few columns count, from `column` on.
inline void finish_rows(const IntegerEpilogue& e, int64_t column, const int32_t* sums, int64_t width, int64_t rows,
                        int64_t n, void* to, int64_t stride) {
  const SumRows all{sums, width, rows, to, stride};
  int64_t done = 0;
  if (e.result == IntegerResult::kFixed && e.shrinks) {
    done = e.low < e.zero ? finish_pairs<true>(e, column, all, n) : finish_pairs<false>(e, column, all, n);
  }
  finish_any(e, column, all, done, n);
}

// Whether finish_tile takes n of the `width` columns of a tile: whole vectors, which need no care. Others wait in
// memory until many rows are there for finish_rows, which has much to prepare for a column. rounds: as finish_tile's.
THANE_INLINE bool finishes_tiles(const IntegerEpilogue& e, int64_t n, int64_t width, bool rounds) {
  if (n != width) return false;
  if (e.result == IntegerResult::kSums) return !e.bias;
  return rounds && e.shrinks && (e.result == IntegerResult::kScaled || (kFixes && e.result == IntegerResult::kFixed));
}
constexpr int64_t kHeldRows = 48;

// A tile of R rows and V vectors of columns from `column` on, which stays in registers on its way (unrolled, or it
// would not). kRounds: to bytes, too, which takes much code.
template <bool kRounds, int R, int V>
THANE_INLINE void finish_tile(const IntegerEpilogue& e, int64_t column, const IntVec (&tile)[R][V], void* to,
                              int64_t stride) {
  const auto store_sums = [&](int32_t* sums, int64_t width) {
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) store_as(sums + r * width + v * kLanes, tile[r][v]);
    }
  };
  if constexpr (!kRounds) return store_sums(static_cast<int32_t*>(to), stride);
  if (e.result == IntegerResult::kSums) return store_sums(static_cast<int32_t*>(to), stride);
  const RoundedBytes rounded(e.low, e.high, e.zero);
  const auto round = [&](const auto& whole_of) {
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      IntVec whole[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) whole[v] = whole_of(tile[r][v], v);
      rounded.store(static_cast<int8_t*>(to) + r * stride, whole);
    }
  };
  if (!kFixes || e.result == IntegerResult::kScaled) {
    IntVec bias[V];
    Vec scales[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      bias[v] = e.bias ? load_as<IntVec>(e.bias + column + v * kLanes) : IntVec{};
      scales[v] = load(e.scales + column + v * kLanes);
    }
    return round(
        [&](IntVec sum, int v) { return nearest_ints(__builtin_convertvector(sum + bias[v], Vec) * scales[v]); });
  }
  FloatColumns columns[V];
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) columns[v] = FloatColumns(e, column + v * kLanes);
  Vec worst{};
  // Where the sign takes one instruction, one form is enough.
  if (kLanes == 16 || e.low < e.zero)
    round([&](IntVec sum, int v) { return columns[v].template whole<true>(sum, worst); });
  else
    round([&](IntVec sum, int v) { return columns[v].template whole<false>(sum, worst); });
  if (any_above(worst, FloatColumns::kSure)) {
    int32_t sums[R * V * kLanes];
    store_sums(sums, V * kLanes);
    finish_any(e, column, {sums, V * kLanes, R, to, stride}, 0, V * kLanes);
  }
}

}  // namespace
}  // namespace thane::THANE_ISA
