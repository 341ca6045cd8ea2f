// The transform of a 3×3 kernel to Winograd's space of 6×6, whatever its numbers.
#pragma once

#include <cstdint>

namespace thane {

// U = G·g·Gᵀ, where G has these rows. g[9] and u[36] hold `count` values each, side by side.
template <class T>
void transform_kernel(const T (&rows)[6][3], int64_t count, const T* g, T* u) {
  constexpr int64_t kBlock = 32;
  const auto combine = [](const T(&row)[3], T a, T b, T c) {
    return static_cast<T>(row[0] * a + row[1] * b + row[2] * c);
  };
  for (int64_t first = 0; first < count; first += kBlock) {
    const int64_t n = count - first < kBlock ? count - first : kBlock;
    T half[6][3][kBlock];
    for (int i = 0; i < 6; ++i) {
      for (int x = 0; x < 3; ++x) {
        const T* at = g + x * count + first;
        for (int64_t c = 0; c < n; ++c) {
          half[i][x][c] = combine(rows[i], at[c], at[3 * count + c], at[6 * count + c]);
        }
      }
    }
    for (int i = 0; i < 6; ++i) {
      for (int j = 0; j < 6; ++j) {
        T* to = u + (i * 6 + j) * count + first;
        for (int64_t c = 0; c < n; ++c) to[c] = combine(rows[j], half[i][0][c], half[i][1][c], half[i][2][c]);
      }
    }
  }
}

}  // namespace thane
