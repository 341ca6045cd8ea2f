#include "kernels/gemm/gemm.h"

#include <algorithm>
#include <cassert>

#include "base/cpu.h"
#include "base/small_types.h"
#include "base/unaligned.h"
#include "kernels/gemm/transpose.h"
#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(GemmKernel, kGemm)
THANE_DECLARE_ISA(GemmKernel, kBf16Gemm)
THANE_DECLARE_ISA(GemmKernel, kAlongK)
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

const GemmKernel& gemm_kernel_for(Isa ceiling, int64_t k, int64_t n) {
  if (n <= kColumnsAlongK && k >= kLeastAlongK) return THANE_SELECT_ISA(ceiling, kAlongK);
  // Half of a vector at most goes by smaller ones; so do other remainders, where as much is done by those.
  const GemmKernel &large = gemm_kernel(ceiling), &small = gemm_kernel(std::min(ceiling, Isa::kAvx2));
  const bool wastes = n < large.columns && small.packed_columns(n) < large.packed_columns(n);
  return n <= kFewColumns || (wastes && cpu_facts().halves_512) ? small : large;
}

namespace {

// Rows of B that are contiguous, a few at a time for all panels: as many streams as the CPU fetches ahead by itself.
void pack_rows(const GemmKernel& kernel, int64_t k, int64_t n, const float* b, int64_t row_stride, float scale,
               float* packed) {
  constexpr int64_t kRows = 8;
  for (int64_t top = 0; top < k; top += kRows) {
    const int64_t bottom = std::min(k, top + kRows);
    for (int64_t first = 0; first < n; first += kernel.columns) {
      const int64_t width = std::min<int64_t>(kernel.columns, n - first), columns = kernel.panel_width(width);
      float* to = packed + k * first + top * columns;
      for (int64_t i = top; i < bottom; ++i, to += columns) {
        const float* row = b + i * row_stride + first;
        for (int64_t j = 0; j < width; ++j) to[j] = load_unaligned(row + j) * scale;
        std::fill(to + width, to + columns, 0.0f);
      }
    }
  }
}

// Columns of one panel, as floats.
void pack_panel(const GemmKernel& kernel, int64_t k, int64_t width, const float* b, int64_t row_stride,
                int64_t column_stride, float scale, float* packed) {
  const int64_t columns = kernel.panel_width(width);
  if (column_stride == 1) return pack_rows(kernel, k, width, b, row_stride, scale, packed);
  if (row_stride == 1) return transpose_columns(k, 1, width, b, column_stride, scale, packed, columns);
  for (int64_t i = 0; i < k; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      const float* at = b + i * row_stride + j * column_stride;
      packed[i * columns + j] = j < width ? load_unaligned(at) * scale : 0.0f;
    }
  }
}

uint32_t bf16_pair(float first, float second) {
  return BFloat16(first).bits | static_cast<uint32_t>(BFloat16(second).bits) << 16;
}

// The same as pairs: a few rows of floats at a time.
void pack_pairs(const GemmKernel& kernel, int64_t k, int64_t width, const float* b, int64_t row_stride,
                int64_t column_stride, float scale, float* packed) {
  constexpr int64_t kRows = 16, kMostColumns = 64;
  const int64_t columns = kernel.panel_width(width);
  float rows[kRows * kMostColumns];
  auto* words = reinterpret_cast<uint32_t*>(packed);
  for (int64_t first = 0; first < k; first += kRows) {
    const int64_t count = std::min(kRows, k - first);
    pack_panel(kernel, count, width, b + first * row_stride, row_stride, column_stride, scale, rows);
    if (count % 2) std::fill_n(rows + count * columns, columns, 0.0f);
    for (const float* pair = rows; pair < rows + count * columns; pair += 2 * columns, words += columns) {
      for (int64_t j = 0; j < columns; ++j) words[j] = bf16_pair(pair[j], pair[columns + j]);
    }
  }
}

}  // namespace

void pack_b(const GemmKernel& kernel, int64_t k, int64_t n, const float* b, int64_t row_stride, int64_t column_stride,
            float scale, float* packed) {
  const bool floats = kernel.word == GemmWord::kFloat;
  if (floats && column_stride == 1) return pack_rows(kernel, k, n, b, row_stride, scale, packed);
  for (int64_t first = 0; first < n; first += kernel.columns) {
    const int64_t width = std::min<int64_t>(kernel.columns, n - first);
    const auto pack = floats ? pack_panel : pack_pairs;
    pack(kernel, k, width, b + first * column_stride, row_stride, column_stride, scale, packed);
    packed += kernel.words_of(k) * kernel.panel_width(width);
  }
}

void pack_taps(const GemmKernel& kernel, int64_t taps, int64_t k, int64_t n, const float* b, int64_t column_stride,
               float* packed) {
  assert(kernel.word == GemmWord::kFloat);
  for (int64_t first = 0; first < n; first += kernel.columns) {
    const int64_t width = std::min<int64_t>(kernel.columns, n - first), columns = kernel.panel_width(width);
    transpose_columns(k, taps, width, b + first * column_stride, column_stride, 1.0f, packed, columns);
    packed += taps * k * columns;
  }
}

}  // namespace thane
