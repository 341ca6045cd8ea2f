// The epilogues of epilogue.h on vectors, for the bodies of this folder.
#pragma once

#include "kernels/integer/epilogue.h"
#include "kernels/integer/round.h"
#include "kernels/simd_int.h"

namespace thane::THANE_ISA {
namespace {

// What makes bytes of the sums of V vectors of columns, before these are rounded.
template <int V>
struct ScaledColumns {
  IntVec bias[V];
  Vec scales[V];
  THANE_INLINE ScaledColumns(const IntegerEpilogue& e, int64_t column) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      bias[v] = e.bias ? load_as<IntVec>(e.bias + column + v * kLanes) : IntVec{};
      scales[v] = load(e.scales + column + v * kLanes);
    }
  }
  THANE_INLINE Vec operator()(IntVec sum, int v) const {
    return __builtin_convertvector(sum + bias[v], Vec) * scales[v];
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
  switch (e.result) {
    case IntegerResult::kScaled: {
      const ScaledColumns<1> columns(e, column);
      const RoundedBytes rounded(e.low, e.high, e.zero);
      for_sums([&](IntVec sum, int64_t at) {
        store_bytes(static_cast<int8_t*>(to) + at, rounded.bytes(rounded.whole(columns(sum, 0))), count);
      });
      break;
    }
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

// Bytes of whole pairs of vectors of columns, which are faster stored together; how many columns those are.
inline THANE_APART int64_t finish_pairs(const IntegerEpilogue& e, int64_t column, const SumRows& s, int64_t n) {
  const RoundedBytes rounded(e.low, e.high, e.zero);
  int64_t j = 0;
  for (; j + 2 * kLanes <= n; j += 2 * kLanes) {
    const ScaledColumns<2> columns(e, column + j);
#pragma GCC unroll 1
    for (int64_t r = 0; r < s.rows; ++r) {
      const int32_t* row = s.sums + r * s.width + j;
      const IntVec both[2] = {rounded.whole(columns(load_as<IntVec>(row), 0)),
                              rounded.whole(columns(load_as<IntVec>(row + kLanes), 1))};
      rounded.store(static_cast<int8_t*>(s.to) + r * s.stride + j, both);
    }
  }
  return j;
}

// Whatever the result and however few columns count, from `column` on.
inline void finish_rows(const IntegerEpilogue& e, int64_t column, const int32_t* sums, int64_t width, int64_t rows,
                        int64_t n, void* to, int64_t stride) {
  const SumRows all{sums, width, rows, to, stride};
  const int64_t done = e.result == IntegerResult::kScaled ? finish_pairs(e, column, all, n) : 0;
  finish_any(e, column, all, done, n);
}

// Whether finish_tile takes n of the `width` columns of a tile: whole vectors, which need no care. Others wait in
// memory until many rows are there for finish_rows, which has much to prepare for a column. rounds: as finish_tile's.
THANE_INLINE bool finishes_tiles(const IntegerEpilogue& e, int64_t n, int64_t width, bool rounds) {
  if (n != width) return false;
  if (e.result == IntegerResult::kSums) return !e.bias;
  return rounds && e.shrinks && e.result == IntegerResult::kScaled;
}
constexpr int64_t kHeldRows = 48;

// A tile of R rows and V vectors of columns from `column` on, which stays in registers on its way (unrolled, or it
// would not). kRounds: to bytes, too, which takes much code.
template <bool kRounds, int R, int V>
THANE_INLINE void finish_tile(const IntegerEpilogue& e, int64_t column, const IntVec (&tile)[R][V], void* to,
                              int64_t stride) {
  if (!kRounds || e.result == IntegerResult::kSums) {
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) store_as(static_cast<int32_t*>(to) + r * stride + v * kLanes, tile[r][v]);
    }
    return;
  }
  const RoundedBytes rounded(e.low, e.high, e.zero);
  const ScaledColumns<V> columns(e, column);
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
    IntVec whole[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) whole[v] = nearest_ints(columns(tile[r][v], v));  // no sum becomes larger
    rounded.store(static_cast<int8_t*>(to) + r * stride, whole);
  }
}

}  // namespace
}  // namespace thane::THANE_ISA
