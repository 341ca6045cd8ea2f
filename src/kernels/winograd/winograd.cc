#include "kernels/winograd/winograd.h"

#include "kernels/isa.h"
#include "kernels/winograd/weights.h"

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
  transform_kernel(rows, count, g, u);
}

}  // namespace thane
