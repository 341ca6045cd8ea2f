// A panel of the product: where its rows of A and C lie, and the function it ends with. Included only by *.isa.cc
// files.
#pragma once

#include "kernels/gemm/gemm.h"
#include "kernels/simd.h"

namespace thane::THANE_ISA {
namespace {

constexpr float kInfinity = __builtin_inff();

// A row of A at one tap.
THANE_INLINE const float* row_of_a(const GemmPanel& p, int64_t row, int64_t tap) {
  if (!p.a_offsets) return p.a + row * p.lda;
  const int32_t offset = p.a_offsets[row * p.row_taps + tap];
  return offset < 0 ? p.zeros : p.a + offset;
}

THANE_INLINE float* row_of_c(const GemmPanel& p, int64_t row) {
  return p.c + (p.c_offsets ? p.c_offsets[row] : row * p.ldc);
}

// Moves the description of C's part to columns further right.
THANE_INLINE void skip_columns(int64_t columns, GemmPanel& p) {
  p.c += columns;
  if (p.epilogue.column_bias) p.epilogue.column_bias += columns;
  if (p.epilogue.residual) p.epilogue.residual += columns;
}

THANE_INLINE bool maps(const GemmPanel& p) { return p.is_last && p.epilogue.map.op != MapOp::kCopy; }
// By way of a function of the room: sets that add products alone have no maps of their own.
THANE_INLINE void map_in_place(const GemmPanel& p, int64_t n, float* x) {
  map_kernels(kThisIsa).run(p.epilogue.map, n, x, x);
}

}  // namespace
}  // namespace thane::THANE_ISA
