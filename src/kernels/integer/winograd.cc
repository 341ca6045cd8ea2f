#include "kernels/integer/winograd.h"

#include "kernels/isa.h"
#include "kernels/winograd/weights.h"

namespace thane {

THANE_DECLARE_ISA(IntegerWinograd, kIntegerWinograd)

const IntegerWinograd& integer_winograd(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kIntegerWinograd); }

// Row t of G is [1, t, t²], and [0, 0, 1] for ∞. Those of 0 and ∞ are six times as large, which balances what the
// outputs' transform multiplies the points with. The largest sum is 7 · 7 · 255 (or 6 · 7, or 6 · 6).
void transform_integer_weights(int64_t count, const int16_t* g, int16_t* u) {
  constexpr int16_t rows[6][3] = {{6, 0, 0}, {1, 1, 1}, {1, -1, 1}, {1, 2, 4}, {1, -2, 4}, {0, 0, 6}};
  transform_kernel(rows, count, g, u);
}

}  // namespace thane
