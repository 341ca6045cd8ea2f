#include "kernels/gemm/gemm.h"

#include <algorithm>

#include "base/small_types.h"
#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(GemmKernel, kGemm)
THANE_DECLARE_ISA(GemmKernel, kBf16Gemm)
#ifdef THANE_X86
namespace avx512bf16 {
extern const GemmKernel kBf16Gemm;
}
#endif

const GemmKernel& gemm_kernel(Isa ceiling, GemmWord word) {
  if (word == GemmWord::kFloat) return THANE_SELECT_ISA(ceiling, kGemm);
#ifdef THANE_X86
  if (ceiling >= Isa::kAvx512Bf16) return avx512bf16::kBf16Gemm;
#endif
  return THANE_SELECT_ISA(ceiling, kBf16Gemm);
}

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

// Columns of one panel, as floats.
void pack_panel(int64_t k, int64_t width, int64_t columns, const float* b, int64_t row_stride, int64_t column_stride,
                float scale, float* packed) {
  if (column_stride == 1) return pack_rows(k, width, columns, b, row_stride, scale, packed);
  if (row_stride == 1) return pack_columns(k, width, columns, b, column_stride, scale, packed);
  for (int64_t i = 0; i < k; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      packed[i * columns + j] = j < width ? b[i * row_stride + j * column_stride] * scale : 0.0f;
    }
  }
}

uint32_t bf16_pair(float first, float second) {
  return BFloat16(first).bits | static_cast<uint32_t>(BFloat16(second).bits) << 16;
}

// The same as pairs: a few rows of floats at a time.
void pack_pairs(int64_t k, int64_t width, int64_t columns, const float* b, int64_t row_stride, int64_t column_stride,
                float scale, float* packed) {
  constexpr int64_t kRows = 16, kMostColumns = 64;
  float rows[kRows * kMostColumns];
  auto* words = reinterpret_cast<uint32_t*>(packed);
  for (int64_t first = 0; first < k; first += kRows) {
    const int64_t count = std::min(kRows, k - first);
    pack_panel(count, width, columns, b + first * row_stride, row_stride, column_stride, scale, rows);
    if (count % 2) std::fill_n(rows + count * columns, columns, 0.0f);
    for (const float* pair = rows; pair < rows + count * columns; pair += 2 * columns, words += columns) {
      for (int64_t j = 0; j < columns; ++j) words[j] = bf16_pair(pair[j], pair[columns + j]);
    }
  }
}

}  // namespace

void pack_b(const GemmKernel& kernel, int64_t k, int64_t n, const float* b, int64_t row_stride, int64_t column_stride,
            float scale, float* packed) {
  for (int64_t first = 0; first < n; first += kernel.columns) {
    const int64_t width = std::min<int64_t>(kernel.columns, n - first);
    const int64_t columns = kernel.panel_width(width);
    const auto pack = kernel.word == GemmWord::kFloat ? pack_panel : pack_pairs;
    pack(k, width, columns, b + first * column_stride, row_stride, column_stride, scale, packed);
    packed += kernel.words_of(k) * columns;
  }
}

}  // namespace thane
