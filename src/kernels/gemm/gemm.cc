#include "kernels/gemm/gemm.h"

#include <algorithm>

#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(GemmKernel, kGemm)

const GemmKernel& gemm_kernel(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kGemm); }

int64_t packed_size(int64_t k, int64_t n, int columns) { return (n + columns - 1) / columns * columns * k; }

void pack_b(int64_t k, int64_t n, const float* b, int64_t row_stride, int64_t column_stride, float scale, int columns,
            float* packed) {
  for (int64_t first = 0; first < n; first += columns) {
    const int64_t width = std::min<int64_t>(columns, n - first);
    for (int64_t i = 0; i < k; ++i) {
      const float* row = b + i * row_stride + first * column_stride;
      for (int64_t j = 0; j < width; ++j) packed[j] = row[j * column_stride] * scale;
      for (int64_t j = width; j < columns; ++j) packed[j] = 0.0f;
      packed += columns;
    }
  }
}

}  // namespace thane
