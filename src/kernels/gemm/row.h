// The product of one row of A with any number of panels, whatever their words hold. Included only by *.isa.cc files.
#pragma once

#include "kernels/gemm/finish.h"
#include "kernels/gemm/words.h"

namespace thane::THANE_ISA {
namespace {

// P panels side by side: as many streams from memory, and chains of additions that need not wait for each other. Fewer
// panels have several sums over k instead.
template <class Word, int P, int V>
void row_of_panels(const GemmPanel& p) {
  constexpr int U = P * V < 8 ? 8 / (P * V) : 1;
  constexpr int64_t kStep = V * kLanes;
  const int64_t words = p.k / Word::kDepth;  // whole ones
  const int64_t panel_words = p.taps * Word::count(p.k) * kStep;
  Vec sums[U][P][V];
#pragma GCC unroll 8
  for (int u = 0; u < U; ++u) {
#pragma GCC unroll 4
    for (int j = 0; j < P; ++j) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sums[u][j][v] = Vec{};
    }
  }
  const auto add = [&](Vec(&sum)[P][V], const float* a, const float* b) __attribute__((always_inline)) {
    const typename Word::Row x(a);
#pragma GCC unroll 4
    for (int j = 0; j < P; ++j) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[j][v] = x.times(b + j * panel_words + v * kLanes, sum[j][v]);
    }
  };
  const float* b = p.b;
  for (int64_t tap = 0; tap < p.taps; ++tap) {
    const float* a = row_of_a(p, 0, tap);
    int64_t i = 0;
    for (; i + U <= words; i += U, b += U * kStep) {
#pragma GCC unroll 8
      for (int u = 0; u < U; ++u) add(sums[u], a + (i + u) * Word::kDepth, b + u * kStep);
    }
    for (; i < words; ++i, b += kStep) add(sums[0], a + i * Word::kDepth, b);
    if (Word::kDepth * words < p.k) {  // half of a word
      const float last[Word::kDepth] = {a[Word::kDepth * words]};
      add(sums[0], last, b);
      b += kStep;
    }
  }
#pragma GCC unroll 4
  for (int j = 0; j < P; ++j) {
    Vec tile[1][V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      tile[0][v] = sums[0][j][v];
#pragma GCC unroll 8
      for (int u = 1; u < U; ++u) tile[0][v] += sums[u][j][v];
    }
    GemmPanel one = p;
    skip_columns(j * kStep, one);
    if (P > 1) one.n = kStep;
    one.epilogue.map.op = MapOp::kCopy;  // single_row does the whole row
    finish<1, V>(tile, one, 0);
  }
}

// One row of any number of columns, up to four panels at a time.
template <class Word>
void single_row(const GemmPanel& whole) {
  constexpr void (*kRun[])(const GemmPanel&) = {row_of_panels<Word, 1, kVectors>, row_of_panels<Word, 2, kVectors>,
                                                row_of_panels<Word, 3, kVectors>, row_of_panels<Word, 4, kVectors>};
  GemmPanel p = whole;
  if (p.row_taps == 0) p.row_taps = p.taps;
  while (p.n >= kColumns) {
    const int64_t panels = p.n < 4 * kColumns ? p.n / kColumns : 4;
    const int64_t columns = panels * kColumns;
    const int64_t rest = p.n - columns;
    p.n = columns;
    kRun[panels - 1](p);
    skip_columns(columns, p);
    p.b += columns * p.taps * Word::count(p.k);
    p.n = rest;
  }
  if (p.n > 0) with_count<kVectors>(vectors_of(p.n), [&](auto v) { row_of_panels<Word, 1, v.value>(p); });
  if (whole.epilogue.map.op != MapOp::kCopy) map_in_place(whole, whole.n, row_of_c(whole, 0));
}

// A panel: a single row of A here, more by many_rows(panel, V) with V vectors across, a Count.
template <class Word, class ManyRows>
THANE_INLINE void run_panel(const GemmPanel& given, const ManyRows& many_rows) {
  if (given.m <= 0 || given.n <= 0) return;
  if (given.m == 1) return single_row<Word>(given);
  GemmPanel p = given;
  if (p.row_taps == 0) p.row_taps = p.taps;
  with_count<kVectors>(vectors_of(p.n), [&](auto v) { many_rows(p, v); });
}

}  // namespace
}  // namespace thane::THANE_ISA
