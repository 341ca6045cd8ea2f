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

void multiply(const PackedMatrix& b, int64_t m, const float* a, float* c, const float* column_bias,
              const Activation& activation, ThreadPool& threads) {
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
      const int64_t rows = std::min(block_rows, m - row);
      const int64_t columns = std::min<int64_t>(kernel.columns, b.n - column);
      GemmEpilogue epilogue;
      if (column_bias) epilogue.column_bias = column_bias + column;
      if (activation.is_clamp()) epilogue.low = activation.low(), epilogue.high = activation.high();
      float* block = c + row * b.n + column;
      kernel.panel(rows, columns, b.k, a + row * b.k, b.k, b.panels.data<float>() + column * b.k, block, b.n, epilogue);
      if (activation.is_clamp()) continue;
      for (int64_t r = 0; r < rows; ++r) apply_activation(activation, columns, block + r * b.n);
    }
  });
}

}  // namespace thane
