#include "kernels/winograd/winograd.h"

#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(WinogradKernels, kWinograd)

const WinogradKernels& winograd_kernels(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kWinograd); }

// Row t of G is [1, t, t²] / Π (t − other points), and [0, 0, 1] for ∞.
void transform_weights(int64_t count, const float* g, float* u) {
  constexpr double p = 0.75, q = 1.5, pp = p * p, qq = q * q;
  constexpr double p_scale = 1 / (2 * pp * (pp - qq)), q_scale = 1 / (2 * qq * (qq - pp)), zero_scale = 1 / (pp * qq);
  constexpr float rows[6][3] = {{float(zero_scale), 0, 0},
                                {float(p_scale), float(p * p_scale), float(pp * p_scale)},
                                {float(p_scale), float(-p * p_scale), float(pp * p_scale)},
                                {float(q_scale), float(q * q_scale), float(qq * q_scale)},
                                {float(q_scale), float(-q * q_scale), float(qq * q_scale)},
                                {0, 0, 1}};
  constexpr int64_t kBlock = 16;
  for (int64_t first = 0; first < count; first += kBlock) {
    const int64_t n = count - first < kBlock ? count - first : kBlock;
    float half[6][3][kBlock];
    for (int i = 0; i < 6; ++i) {
      for (int x = 0; x < 3; ++x) {
        for (int64_t c = 0; c < n; ++c) {
          const float* at = g + x * count + first + c;
          half[i][x][c] = rows[i][0] * at[0] + rows[i][1] * at[3 * count] + rows[i][2] * at[6 * count];
        }
      }
    }
    for (int i = 0; i < 6; ++i) {
      for (int j = 0; j < 6; ++j) {
        float* to = u + (i * 6 + j) * count + first;
        for (int64_t c = 0; c < n; ++c)
          to[c] = rows[j][0] * half[i][0][c] + rows[j][1] * half[i][1][c] + rows[j][2] * half[i][2][c];
      }
    }
  }
}

}  // namespace thane
