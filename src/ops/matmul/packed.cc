#include "ops/matmul/packed.h"

#include <algorithm>

namespace thane {

Result<PackedMatrix> pack_matrix(const GemmKernel& kernel, int64_t k, int64_t n, const float* b, int64_t row_stride,
                                 int64_t column_stride, float scale) {
  PackedMatrix packed{&kernel, k, n, {}};
  THANE_ASSIGN(packed.panels, Tensor::allocate(DType::kFloat32, {packed_size(k, n, kernel.columns)}));
  pack_b(k, n, b, row_stride, column_stride, scale, kernel.columns, packed.panels.data<float>());
  return packed;
}

void multiply(const PackedMatrix& b, int64_t m, const float* a, int64_t lda, float* c, int64_t ldc,
              const GemmEpilogue& epilogue, ThreadPool& threads) {
  const GemmKernel& kernel = *b.kernel;
  const int64_t panels = (b.n + kernel.columns - 1) / kernel.columns;
  const int64_t block_rows = int64_t{kernel.rows} * 8;  // rows of A that share a panel while it is in the cache
  const int64_t blocks = (m + block_rows - 1) / block_rows;
  // About 5 µs at 50 GFLOP/s: below that a thread costs more than it gives.
  const int64_t flops = 2 * std::min(m, block_rows) * kernel.columns * b.k;
  threads.parallel_for(panels * blocks, 250000 / std::max<int64_t>(flops, 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t column = i / blocks * kernel.columns;
      const int64_t row = i % blocks * block_rows;
      GemmEpilogue part = epilogue;
      if (part.row_bias) part.row_bias += row;
      if (part.column_bias) part.column_bias += column;
      kernel.panel(std::min(block_rows, m - row), std::min<int64_t>(kernel.columns, b.n - column), b.k, a + row * lda,
                   lda, b.panels.data<float>() + column * b.k, c + row * ldc + column, ldc, part);
    }
  });
}

}  // namespace thane
