// The loop in which a register tile's sums are made, and what is fetched meanwhile. Included only by *.isa.cc files.
#pragma once

#include "kernels/gemm/finish.h"

namespace thane::THANE_ISA {
namespace {

// Fetches the next block of B into L2 while this one is used, an equal share with each part of a tile: more fetches at
// once than the core can have under way would hold up everything else.
class Ahead {
 public:
  static constexpr int64_t kPart = 32;  // steps over k

  Ahead(const GemmPanel& p, int64_t width, int64_t tiles) : at_(reinterpret_cast<const char*>(p.next_b)), due_(at_) {
    if (at_) share_ = (kPart / p.next_depth * width * static_cast<int64_t>(sizeof(float)) + tiles - 1) / tiles;
  }
  THANE_INLINE void fetch() {
    due_ += share_;
    for (; at_ < due_; at_ += 64) __builtin_prefetch(at_, 0, 2);
  }

 private:
  const char* at_;
  const char* due_;
  int64_t share_ = 0;  // bytes
};

template <int V>
THANE_INLINE void fetch_row(const float* row) {
  for (int64_t line = 0; line < V * kLanes; line += 16) __builtin_prefetch(row + line);
}

// What the next tile's sums meet is there by the time they are made; beside short sums the fetching would take longer
// than it saves.
template <int R, int V>
THANE_INLINE void fetch_addends(const GemmPanel& p, int64_t row) {
  if (p.k * p.taps < 64 && p.is_first) return;
  const int64_t next = row + 2 * R <= p.m ? row + R : row;
  for (int r = 0; r < R; ++r) fetch_row<V>(row_of_c(p, next + r));
  if (p.is_first && p.epilogue.residual) {
    for (int r = 0; r < R; ++r) fetch_row<V>(p.epilogue.residual + (row_of_c(p, next + r) - p.c));
  }
}

// The panel as it lies in memory: columns.next() gives the V vectors of one step over k after the other.
template <int V>
class PanelColumns {
 public:
  THANE_INLINE explicit PanelColumns(const float* b) : b_(b) {}
  THANE_INLINE void next(Vec (&columns)[V]) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) columns[v] = load(b_ + v * kLanes);
    b_ += V * kLanes;
  }

 private:
  const float* b_;
};

// How a product of two words is added.
struct FloatDot {
  static THANE_INLINE Vec add(Vec sum, Vec a, Vec b) { return sum + a * b; }
};

// tile += A[rows from `row` on] · the columns.
template <class Dot, int R, int V, class Columns>
THANE_INLINE void multiply_rows(const GemmPanel& p, int64_t row, Columns columns, Ahead& ahead, Vec (&tile)[R][V]) {
  for (int64_t tap = 0; tap < p.taps; ++tap) {
    const float* a[R];
    for (int r = 0; r < R; ++r) a[r] = row_of_a(p, row + r, tap);
    for (int64_t part = 0; part < p.k; part += Ahead::kPart) {
      ahead.fetch();
      if (!p.a_offsets) {
        for (int r = 0; r < R; ++r) {
          __builtin_prefetch(a[r] + R * p.lda + part);
          __builtin_prefetch(a[r] + R * p.lda + part + 16);
        }
      }
      const int64_t end = part + Ahead::kPart < p.k ? part + Ahead::kPart : p.k;
#pragma GCC unroll 2  // shared cores have few instructions a cycle to give
      for (int64_t i = part; i < end; ++i) {
        Vec step[V];
        columns.next(step);
#pragma GCC unroll 12
        for (int r = 0; r < R; ++r) {
          const Vec x = splat(a[r][i]);
#pragma GCC unroll 8
          for (int v = 0; v < V; ++v) tile[r][v] = Dot::add(tile[r][v], x, step[v]);
        }
      }
    }
  }
}

template <class Dot, int R, int V>
void tile_rows(const GemmPanel& p, int64_t row, Ahead& ahead) {
  fetch_addends<R, V>(p, row);
  Vec tile[R][V];
  clear(tile);
  multiply_rows<Dot>(p, row, PanelColumns<V>(p.b), ahead, tile);
  finish<R, V>(tile, p, row);
}

// All rows of the panel in tiles of nearly equal height: a last tile of one row would take as long as one of several.
template <class Dot, int V>
void many_rows_of(const GemmPanel& p) {
  Ahead ahead(p, V * kLanes, (p.m + kMostRows[V] - 1) / kMostRows[V]);
  for_each_tile(p.m, kMostRows[V], [&](int64_t row, int64_t rows) {
    with_count<kMostRows[V]>(rows, [&](auto r) { tile_rows<Dot, r.value, V>(p, row, ahead); });
  });
}

}  // namespace
}  // namespace thane::THANE_ISA
