// Batched matrix multiplication over strided matrices: what MatMul, Gemm, Einsum, attention and recurrent layers come
// down to. Blocked so that the compiler can vectorise it; the sum over k runs in index order, whatever the number of
// threads.
#pragma once

#include <cstdint>
#include <span>

#include "base/dtype.h"
#include "base/threads.h"

namespace thane {

// Where one matrix of a batch starts, in elements from the base pointers.
struct MatmulOffsets {
  int64_t a = 0, b = 0, c = 0;
};

// c[i, j] = alpha · Σ_p a[i, p] · b[p, j] + beta · bias[i, j], for every batch. Strides are in elements; those of a, b
// and bias may be zero or negative, places of c must not overlap each other or an input. All four have the same dtype.
// Floats of 16 bits are summed in float32, and rounded once; integers wrap around. alpha and beta other than 1 and 0 on
// integers compute the combination in float64 and clamp it to the dtype.
struct MatmulProblem {
  DType dtype = DType::kFloat32;  // any of kNumeric
  int64_t m = 0, n = 0, k = 0;
  const void* a = nullptr;
  int64_t a_row = 0, a_col = 1;
  const void* b = nullptr;
  int64_t b_row = 0, b_col = 1;
  void* c = nullptr;
  int64_t c_row = 0, c_col = 1;
  double alpha = 1;
  double beta = 0;  // 0: bias is not read
  const void* bias = nullptr;
  int64_t bias_row = 0, bias_col = 0;  // the same bias for every batch
};

void matmul(const MatmulProblem& problem, std::span<const MatmulOffsets> batches, ThreadPool& threads);
inline void matmul(const MatmulProblem& problem, ThreadPool& threads) {
  const MatmulOffsets one[1] = {};
  matmul(problem, one, threads);
}

}  // namespace thane
