#include "kernels/gemm/gemm.h"

#include <algorithm>

#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(GemmKernel, kGemm)

const GemmKernel& gemm_kernel(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kGemm); }

namespace {

// Rows of B that are contiguous: a panel's rows are copied.
void pack_rows(int64_t k, int64_t width, int64_t columns, const float* b, int64_t row_stride, float scale,
               float* packed) {
  for (int64_t i = 0; i < k; ++i, packed += columns) {
    const float* row = b + i * row_stride;
    for (int64_t j = 0; j < width; ++j) packed[j] = row[j] * scale;
    for (int64_t j = width; j < columns; ++j) packed[j] = 0.0f;
  }
}

// Columns of B that are contiguous: blocks of a few cache lines are transposed, so that each is read once.
void pack_columns(int64_t k, int64_t width, int64_t columns, const float* b, int64_t column_stride, float scale,
                  float* packed) {
  constexpr int64_t kBlock = 16;
  for (int64_t first = 0; first < k; first += kBlock) {
    const int64_t count = std::min(kBlock, k - first);
    float* to = packed + first * columns;
    for (int64_t j = 0; j < width; ++j) {
      const float* from = b + j * column_stride + first;
      for (int64_t i = 0; i < count; ++i) to[i * columns + j] = from[i] * scale;
    }
    for (int64_t i = 0; i < count; ++i) std::fill(to + i * columns + width, to + (i + 1) * columns, 0.0f);
  }
}

}  // namespace

void pack_b(const GemmKernel& kernel, int64_t k, int64_t n, const float* b, int64_t row_stride, int64_t column_stride,
            float scale, float* packed) {
  for (int64_t first = 0; first < n; first += kernel.columns) {
    const int64_t width = std::min<int64_t>(kernel.columns, n - first);
    const int64_t columns = kernel.panel_width(width);
    const float* corner = b + first * column_stride;
    if (column_stride == 1) {
      pack_rows(k, width, columns, corner, row_stride, scale, packed);
    } else if (row_stride == 1) {
      pack_columns(k, width, columns, corner, column_stride, scale, packed);
    } else {
      for (int64_t i = 0; i < k; ++i) {
        for (int64_t j = 0; j < columns; ++j) {
          packed[i * columns + j] = j < width ? corner[i * row_stride + j * column_stride] * scale : 0.0f;
        }
      }
    }
    packed += k * columns;
  }
}

}  // namespace thane
