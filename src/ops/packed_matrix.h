// Products with a packed right-hand side: what the fast kernels of MatMul, Gemm, recurrent layers and their fused forms
// share.
#pragma once

#include "base/threads.h"
#include "ir/kernel.h"
#include "ir/tensor.h"
#include "kernels/gemm/tiling.h"
#include "ops/activation.h"
#include "ops/strassen_product.h"

namespace thane {

// B[k × n], packed for one instruction set.
struct PackedMatrix {
  const GemmKernel* kernel = nullptr;
  int64_t k = 0;
  int64_t n = 0;
  Tensor panels;  // words, whatever they hold
  // Of products with so many rows; multiply() makes other cuts itself.
  int64_t rows = 0;
  GemmTiling tiling;
  StrassenProduct strassen;  // by which it goes if it is to be used
};

// The product that constant weights are packed for: of bfloat16 where the precision says so, unless they are a few
// columns, or shallow. k: elements per tap.
const GemmKernel& gemm_for_weights(const KernelQuery& query);
const GemmKernel& gemm_for_weights(const KernelQuery& query, int64_t k, int64_t n);

// Element (i, j) of B is b[i·row_stride + j·column_stride] · scale; b may lie unaligned. To be called where the query's
// shared() makes a form.
Result<PackedMatrix> pack_matrix(const KernelQuery& query, const GemmKernel& kernel, int64_t k, int64_t n,
                                 const float* b, int64_t row_stride, int64_t column_stride, float scale = 1.0f);

// Cuts products with m rows, and lets them go by Strassen's algorithm where that pays; b: the one matrix of the query's
// node.
Status prepare_for_rows(const KernelQuery& query, int64_t m, PackedMatrix& b);

// What products are added to; null: nothing.
struct Addends {
  const float* column_bias = nullptr;  // one per column
  const float* residual = nullptr;     // laid out as C
};

// The whole product C[m × n] = f(A[m × k] · B + addends), A and C row-major without gaps; f: that of the epilogue.
GemmPanel product_of(const PackedMatrix& b, int64_t m, const float* a, float* c, const Addends& addends,
                     const GemmEpilogue& epilogue);

// C[m × n] = activation(A[m × k] · B + addends); A and C row-major without gaps. Split over threads by blocks of C.
Status multiply(const PackedMatrix& b, int64_t m, const float* a, float* c, const Addends& addends,
                const Activation& activation, ThreadPool& threads);

}  // namespace thane
