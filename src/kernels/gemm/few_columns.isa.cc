// The matrix product for a few columns of B, each a panel of its own: vectors go along k, where tiles of whole vectors
// of columns would multiply mostly zeros.
#include "kernels/gemm/panel.h"

namespace thane::THANE_ISA {
namespace {

constexpr int kRows = 8;  // sums that need not wait for each other

using Quarter = float __attribute__((vector_size(16)));

// Halves added to halves, down to four lanes.
THANE_INLINE Quarter folded(Vec v) {
#if defined(__AVX512F__)
  const auto half = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
                    __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
  return __builtin_shufflevector(half, half, 0, 1, 2, 3) + __builtin_shufflevector(half, half, 4, 5, 6, 7);
#elif defined(__AVX2__)
  return __builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7);
#else
  return v;
#endif
}

// The sums of the lanes of four vectors.
THANE_INLINE Quarter sums_of_lanes(const Vec* v) {
  const Quarter a = folded(v[0]), b = folded(v[1]), c = folded(v[2]), d = folded(v[3]);
  const Quarter ab = __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
  const Quarter cd = __builtin_shufflevector(c, d, 0, 1, 4, 5) + __builtin_shufflevector(c, d, 2, 3, 6, 7);
  return __builtin_shufflevector(ab, cd, 0, 2, 4, 6) + __builtin_shufflevector(ab, cd, 1, 3, 5, 7);
}

// out[i]: the product of row `row` + i with the column; beyond the last row, that row's again.
THANE_INLINE void multiply_rows(const GemmPanel& p, int64_t row, float* out) {
  Vec sums[kRows] = {};
  const float* b = p.b;
  for (int64_t tap = 0; tap < p.taps; ++tap, b += p.k) {
    const float* a[kRows];
#pragma GCC unroll 1
    for (int64_t r = 0; r < kRows; ++r) a[r] = row_of_a(p, row + r < p.m ? row + r : p.m - 1, tap);
    for (int64_t i = 0; i < p.k; i += kLanes) {
      const int64_t count = p.k - i < kLanes ? p.k - i : kLanes;
      const Vec column = get(b + i, count);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) sums[r] += get(a[r] + i, count) * column;
    }
  }
#pragma GCC unroll 2
  for (int r = 0; r < kRows; r += 4) {
    const Quarter four = sums_of_lanes(sums + r);
    __builtin_memcpy(out + r, &four, sizeof(four));
  }
}

// What finish.h's tiles do to the sums of `rows` rows, which then are written.
void finish_column(const GemmPanel& p, int64_t row, int64_t rows, float* sums) {
  const GemmEpilogue& e = p.epilogue;
  const float column_bias = p.is_first && e.column_bias ? *e.column_bias : -0.0f;  // leaves 0
  const float low = p.is_last ? e.low : -kInfinity, high = p.is_last ? e.high : kInfinity;
  if (p.is_first && e.row_bias) {
    for (int64_t r = 0; r < rows; ++r) sums[r] += e.row_bias[row + r];
  }
  if (const float* added = p.is_first ? e.residual : p.c) {
    for (int64_t r = 0; r < rows; ++r) sums[r] += added[row_of_c(p, row + r) - p.c];
  }
  for (int64_t r = 0; r < rows; ++r) {
    float x = sums[r] + column_bias;
    if (x < low) x = low;
    if (x > high) x = high;
    sums[r] = x;
  }
  if (maps(p)) map_in_place(p, rows, sums);
  for (int64_t r = 0; r < rows; ++r) *row_of_c(p, row + r) = sums[r];
}

void panel(const GemmPanel& given) noexcept {
  GemmPanel p = given;
  if (p.row_taps == 0) p.row_taps = p.taps;
  for (int64_t column = 0; column < given.n; ++column, p.b += p.taps * p.k, skip_columns(1, p)) {
    for (int64_t row = 0; row < p.m; row += kRows) {
      const int64_t rows = p.m - row < kRows ? p.m - row : kRows;
      float sums[kRows];
      multiply_rows(p, row, sums);
      finish_column(p, row, rows, sums);
    }
  }
}

}  // namespace

extern const GemmKernel kAlongK;
const GemmKernel kAlongK = {.rows = kRows, .columns = 1, .lanes = 1, .panel = panel};

}  // namespace thane::THANE_ISA
