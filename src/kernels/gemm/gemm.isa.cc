// The register tile of the matrix product. With V vectors across and R rows down, each step over k loads V vectors of
// the packed panel and broadcasts R elements of A for R·V multiply-adds; R·V accumulators plus V + 1 operands must fit
// the register file (16 registers for SSE and AVX2, 32 for AVX-512 and NEON).
#include "kernels/gemm/gemm.h"
#include "kernels/simd.h"

namespace thane::THANE_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kRows = 6, kVectors = 4;  // 24 accumulators of 32
#elif defined(__aarch64__)
constexpr int kRows = 6, kVectors = 4;
#elif defined(__AVX2__)
constexpr int kRows = 6, kVectors = 2;  // 12 of 16
#else
constexpr int kRows = 4, kVectors = 2;
#endif
constexpr int kColumns = kVectors * kLanes;

// Finishes R rows held in `tile` and writes the first n columns.
template <int R>
inline __attribute__((always_inline)) void finish(const Vec (&tile)[R][kVectors], int64_t n, float* c, int64_t ldc,
                                                  const GemmEpilogue& epilogue, int64_t row) {
  const Vec low = splat(epilogue.low);
  const Vec high = splat(epilogue.high);
  for (int r = 0; r < R; ++r) {
    const Vec row_bias = splat(epilogue.row_bias ? epilogue.row_bias[row + r] : 0.0f);
    float spill[kColumns];
    const bool whole = n == kColumns;
    float* out = c + (row + r) * ldc;
    for (int v = 0; v < kVectors; ++v) {
      Vec value = tile[r][v] + row_bias;
      if (epilogue.column_bias) {
        if (whole) {
          value += load(epilogue.column_bias + v * kLanes);
        } else {
          float bias[kLanes] = {};
          for (int64_t j = v * kLanes; j < n && j < (v + 1) * kLanes; ++j)
            bias[j - v * kLanes] = epilogue.column_bias[j];
          value += load(bias);
        }
      }
      value = min(high, max(low, value));  // in this order a NaN stays
      store(whole ? out + v * kLanes : spill + v * kLanes, value);
    }
    if (!whole) {
      for (int64_t j = 0; j < n; ++j) out[j] = spill[j];
    }
  }
}

template <int R>
void tile_rows(int64_t row, int64_t n, int64_t k, const float* a, int64_t lda, const float* b, float* c, int64_t ldc,
               const GemmEpilogue& epilogue) {
  Vec tile[R][kVectors] = {};
  const float* rows = a + row * lda;
  for (int64_t i = 0; i < k; ++i) {
    Vec columns[kVectors];
    for (int v = 0; v < kVectors; ++v) columns[v] = load(b + i * kColumns + v * kLanes);
    for (int r = 0; r < R; ++r) {
      const Vec x = splat(rows[r * lda + i]);
      for (int v = 0; v < kVectors; ++v) tile[r][v] += x * columns[v];
    }
  }
  finish<R>(tile, n, c, ldc, epilogue, row);
}

template <int R>
void remaining_rows(int64_t rows, int64_t row, int64_t n, int64_t k, const float* a, int64_t lda, const float* b,
                    float* c, int64_t ldc, const GemmEpilogue& epilogue) {
  if (rows == R) return tile_rows<R>(row, n, k, a, lda, b, c, ldc, epilogue);
  if constexpr (R > 1) remaining_rows<R - 1>(rows, row, n, k, a, lda, b, c, ldc, epilogue);
}

void panel(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* b, float* c, int64_t ldc,
           const GemmEpilogue& epilogue) noexcept {
  int64_t row = 0;
  for (; row + kRows <= m; row += kRows) tile_rows<kRows>(row, n, k, a, lda, b, c, ldc, epilogue);
  if (row < m) remaining_rows<kRows - 1>(m - row, row, n, k, a, lda, b, c, ldc, epilogue);
}

}  // namespace

extern const GemmKernel kGemm;
const GemmKernel kGemm = {kRows, kColumns, panel};

}  // namespace thane::THANE_ISA
