#include "kernels/gemm/transpose.h"

#include <algorithm>
#include <cstring>

#include "base/unaligned.h"

namespace thane {
namespace {

using Four = float __attribute__((vector_size(16)));

Four load(const float* from) {
  Four v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}
void store(float* to, Four v) { std::memcpy(to, &v, sizeof(v)); }

// Four numbers of four columns, as four rows.
void transpose_square(const float* from, int64_t stride, float scale, float* const* to) {
  const Four a = load(from) * scale, b = load(from + stride) * scale;
  const Four c = load(from + 2 * stride) * scale, d = load(from + 3 * stride) * scale;
  const Four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Four cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store(to[0], __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
  store(to[1], __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
  store(to[2], __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
  store(to[3], __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
}

}  // namespace

void transpose_columns(int64_t rows, int64_t taps, int64_t columns, const float* from, int64_t stride, float scale,
                       float* to, int64_t width) {
  constexpr int64_t kLine = 16;   // numbers of a column at a time: each line of the cache is read once
  constexpr int64_t kAhead = 64;  // more streams than the CPU follows by itself
  int64_t row = 0, tap = 0;
  for (int64_t first = 0; first < rows * taps; first += kLine) {
    const int64_t count = std::min(kLine, rows * taps - first);
    float* lines[kLine];
    for (int64_t i = 0; i < count; ++i) {
      lines[i] = to + (tap * rows + row) * width;
      std::fill(lines[i] + columns, lines[i] + width, 0.0f);
      if (++tap == taps) tap = 0, ++row;
    }
    for (int64_t j = 0; j < columns; j += 4) {
      const float* at = from + j * stride + first;
      const int64_t across = std::min<int64_t>(4, columns - j), whole = across == 4 ? count / 4 * 4 : 0;
      for (int64_t q = 0; q < across; ++q) __builtin_prefetch(at + q * stride + kAhead);
      for (int64_t i = 0; i < whole; i += 4) {
        float* const corners[4] = {lines[i] + j, lines[i + 1] + j, lines[i + 2] + j, lines[i + 3] + j};
        transpose_square(at + i, stride, scale, corners);
      }
      for (int64_t i = whole; i < count; ++i) {
        for (int64_t q = 0; q < across; ++q) lines[i][j + q] = load_unaligned(at + q * stride + i) * scale;
      }
    }
  }
}

}  // namespace thane
