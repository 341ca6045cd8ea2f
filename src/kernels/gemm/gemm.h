// Single-precision matrix product with a packed right-hand side and a fused epilogue.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace thane {

// What happens to a finished tile: c = clamp(a·b + row_bias[i] + column_bias[j], low, high).
struct GemmEpilogue {
  const float* row_bias = nullptr;     // per row of C; null: none
  const float* column_bias = nullptr;  // per column of C; null: none
  float low = -__builtin_inff();
  float high = __builtin_inff();
};

// One instruction set's tile: up to `rows` × `columns` of C at once, held in registers.
struct GemmKernel {
  int rows;     // MR
  int columns;  // NR, the width of a packed panel

  // C[m × n] = A[m × k] · B[k × n], n ≤ columns, any m. A is row-major with stride lda. The panel of B is
  // [k][columns], zero beyond n. C is row-major with stride ldc; only its m × n elements are written. Bias pointers are
  // those of C's first row and column.
  void (*panel)(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b_panel, float* c,
                int64_t ldc, const GemmEpilogue& epilogue) noexcept;
};

const GemmKernel& gemm_kernel(Isa ceiling);

// Packs B[k × n] (element (i, j) at b[i·row_stride + j·column_stride]) into ⌈n/columns⌉ panels of [k][columns],
// zero-padded, each element times `scale`. `packed` holds packed_size(k, n, columns) floats.
int64_t packed_size(int64_t k, int64_t n, int columns);
void pack_b(int64_t k, int64_t n, const float* b, int64_t row_stride, int64_t column_stride, float scale, int columns,
            float* packed);

}  // namespace thane
