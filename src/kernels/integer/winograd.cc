#include "kernels/integer/winograd.h"

#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(IntegerWinograd, kIntegerWinograd)

const IntegerWinograd& integer_winograd(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kIntegerWinograd); }

// Row t of G is [1, t, t²], and [0, 0, 1] for ∞. Those of 0 and ∞ are six times as large, which balances what the
// outputs' transform multiplies the points with. The largest sum is 7 · 7 · 255 (or 6 · 7, or 6 · 6).
void transform_integer_weights(int64_t count, const int16_t* g, int16_t* u) {
  constexpr int16_t rows[6][3] = {{6, 0, 0}, {1, 1, 1}, {1, -1, 1}, {1, 2, 4}, {1, -2, 4}, {0, 0, 6}};
  constexpr int64_t kBlock = 32;
  const auto combine = [](const int16_t(&row)[3], int16_t a, int16_t b, int16_t c) {
    return static_cast<int16_t>(row[0] * a + row[1] * b + row[2] * c);
  };
  for (int64_t first = 0; first < count; first += kBlock) {
    const int64_t n = count - first < kBlock ? count - first : kBlock;
    int16_t half[6][3][kBlock];
    for (int i = 0; i < 6; ++i) {
      for (int x = 0; x < 3; ++x) {
        const int16_t* at = g + x * count + first;
        for (int64_t c = 0; c < n; ++c) {
          half[i][x][c] = combine(rows[i], at[c], at[3 * count + c], at[6 * count + c]);
        }
      }
    }
    for (int i = 0; i < 6; ++i) {
      for (int j = 0; j < 6; ++j) {
        int16_t* to = u + (i * 6 + j) * count + first;
        for (int64_t c = 0; c < n; ++c) to[c] = combine(rows[j], half[i][0][c], half[i][1][c], half[i][2][c]);
      }
    }
  }
}

}  // namespace thane
