// The register tile: its sizes, and what happens to its sums once they are made: earlier blocks' sums, biases,
// residual, clamp, function; then they are written. Included only by *.isa.cc files.
#pragma once

#include "kernels/gemm/panel.h"
#include "kernels/register_tile.h"

namespace thane::THANE_ISA {
namespace {

// V vectors across and R rows down: each step over k loads V vectors of B and broadcasts R elements of A for R·V
// multiply-adds. R·V sums, V operands and one more must fit the register file. Among the tiles that do, those that load
// least for what they multiply: a core that is shared by two threads has half of its instructions for each.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kVectors = 4;
constexpr int kMostRows[] = {0, 8, 8, 8, 6};  // by vectors across; narrow panels are few: not the most that would fit
#elif defined(__AVX2__)
constexpr int kVectors = 3;
constexpr int kMostRows[] = {0, 8, 6, 4};
#else
constexpr int kVectors = 2;
constexpr int kMostRows[] = {0, 4, 4};
#endif
constexpr int kColumns = kVectors * kLanes;
THANE_INLINE int64_t vectors_of(int64_t columns) { return (columns + kLanes - 1) / kLanes; }

template <int R, int V>
THANE_INLINE void clear(Vec (&tile)[R][V]) {
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) tile[r][v] = Vec{};
  }
}

// Finished rows where they lie.
THANE_APART void map_rows(const GemmPanel& p, int64_t row, int64_t rows) {
  for (int64_t r = 0; r < rows; ++r) map_in_place(p, p.n, row_of_c(p, row + r));
}

// The V vectors of a tile's row, n columns in all: whole ones, but the last may be partial where the set has masks.
template <int V>
class RowVectors {
 public:
  THANE_INLINE explicit RowVectors(int64_t n) : last_(n - (V - 1) * kLanes) {}
  THANE_INLINE Vec load_from(const float* row, int v) const {
    return v + 1 < V ? load(row + v * kLanes) : last_.load(row + v * kLanes);
  }
  THANE_INLINE void store_to(float* row, int v, Vec value) const {
    v + 1 < V ? store(row + v * kLanes, value) : last_.store(row + v * kLanes, value);
  }

 private:
  Part last_;
};

// Adds earlier blocks' sums, or biases and residual, and clamps R rows of such vectors, each where that is this block's
// part. Unrolled, or the tile would go through memory.
template <int R, int V>
THANE_INLINE void add_and_clamp(Vec (&tile)[R][V], const GemmPanel& p, int64_t row) {
  const GemmEpilogue& e = p.epilogue;
  const RowVectors<V> vectors(p.n);
  if (!p.is_first) {
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) tile[r][v] += vectors.load_from(row_of_c(p, row + r), v);
    }
  }
  if (p.is_first && e.column_bias) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      const Vec bias = vectors.load_from(e.column_bias, v);
#pragma GCC unroll 12
      for (int r = 0; r < R; ++r) tile[r][v] += bias;
    }
  }
  if (p.is_first && e.row_bias) {
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const Vec bias = splat(e.row_bias[row + r]);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) tile[r][v] += bias;
    }
  }
  if (p.is_first && e.residual) {
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const float* residual = e.residual + (row_of_c(p, row + r) - p.c);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) tile[r][v] += vectors.load_from(residual, v);
    }
  }
  const Vec low = splat(p.is_last ? e.low : -kInfinity), high = splat(p.is_last ? e.high : kInfinity);
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) tile[r][v] = min(high, max(low, tile[r][v]));  // in this order a NaN stays
  }
}

// A tile of `rows` rows of V such vectors through memory, a row at a time: little code. But for the function
// (map_rows).
template <int V>
THANE_APART void finish_rows(const float* tile, int64_t rows, const GemmPanel& p, int64_t row) {
  const RowVectors<V> vectors(p.n);
  for (int64_t r = 0; r < rows; ++r) {
    Vec sums[1][V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) sums[0][v] = load(tile + (r * V + v) * kLanes);
    add_and_clamp<1, V>(sums, p, row + r);
    float* out = row_of_c(p, row + r);
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) vectors.store_to(out, v, sums[0][v]);
  }
}

// The same where the last vector is partial and there are no masks: `rows` of `width` floats.
[[maybe_unused]] THANE_APART void finish_partial(float* tile, int64_t width, int64_t rows, const GemmPanel& p,
                                                 int64_t row) {
  const GemmEpilogue& e = p.epilogue;
  const int64_t n = p.n;
  const auto add = [&](float* sums, const float* addend) {
    for (int64_t i = 0; i < n; ++i) sums[i] += addend[i];
  };
  const float low = p.is_last ? e.low : -kInfinity, high = p.is_last ? e.high : kInfinity;
  for (int64_t r = 0; r < rows; ++r) {
    float* sums = tile + r * width;
    float* out = row_of_c(p, row + r);
    if (!p.is_first) {
      add(sums, out);
    } else {
      if (e.column_bias) add(sums, e.column_bias);
      if (e.row_bias) {
        for (int64_t i = 0; i < n; ++i) sums[i] += e.row_bias[row + r];
      }
      if (e.residual) add(sums, e.residual + (out - p.c));
    }
    for (int64_t i = 0; i < n; ++i) {
      const float raised = low > sums[i] ? low : sums[i];  // in this order a NaN stays
      out[i] = high < raised ? high : raised;
    }
  }
}

// Tiles that end in registers: where that is the common case and unrolled code for it is worth its size.
template <int R, int V>
constexpr bool kInRegisters = kVectors <= 3 || (V != 3 && (R == 1 || R + 1 >= kMostRows[V]));

// R rows from `row` on.
template <int R, int V>
THANE_INLINE void finish(Vec (&tile)[R][V], const GemmPanel& p, int64_t row) {
  const bool whole = kHasMasks || p.n == V * kLanes;
  if (kInRegisters<R, V> && whole) {
    add_and_clamp<R, V>(tile, p, row);
    const RowVectors<V> vectors(p.n);
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      float* out = row_of_c(p, row + r);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) vectors.store_to(out, v, tile[r][v]);
    }
  } else {
    float sums[R * V * kLanes];
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) store(sums + (r * V + v) * kLanes, tile[r][v]);
    }
    if (whole)
      finish_rows<V>(sums, R, p, row);
    else
      finish_partial(sums, V * kLanes, R, p, row);
  }
  if (maps(p)) map_rows(p, row, R);
}

}  // namespace
}  // namespace thane::THANE_ISA
