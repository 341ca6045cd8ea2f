#include "kernels/recurrent/cell.h"

#include "kernels/simd_math.h"

namespace thane::THANE_ISA {
namespace {

THANE_INLINE Vec get(const float* from, int64_t count) { return count == kLanes ? load(from) : load_some(from, count); }
THANE_INLINE void put(float* to, Vec v, int64_t count) { count == kLanes ? store(to, v) : store_some(to, v, count); }

void lstm(int64_t hidden, const float* x, const float* sums, float* c, float* h) noexcept {
  for (int64_t j = 0; j < hidden; j += kLanes) {
    const int64_t n = hidden - j < kLanes ? hidden - j : kLanes;
    const auto gate = [&](int64_t g) { return get(x + g * hidden + j, n) + get(sums + g * hidden + j, n); };
    const Vec input = sigmoid(gate(0)), output = sigmoid(gate(1)), forget = sigmoid(gate(2));
    const Vec cell = forget * get(c + j, n) + input * tanh(gate(3));
    put(c + j, cell, n);
    put(h + j, output * tanh(cell), n);
  }
}

void gru(int64_t hidden, const float* x, const float* sums, float* h) noexcept {
  for (int64_t j = 0; j < hidden; j += kLanes) {
    const int64_t n = hidden - j < kLanes ? hidden - j : kLanes;
    const auto gate = [&](int64_t g) { return get(x + g * hidden + j, n) + get(sums + g * hidden + j, n); };
    const Vec update = sigmoid(gate(0)), reset = sigmoid(gate(1));
    const Vec fresh = tanh(get(x + 2 * hidden + j, n) + reset * get(sums + 2 * hidden + j, n));
    put(h + j, fresh + update * (get(h + j, n) - fresh), n);
  }
}

}  // namespace

extern const CellKernels kCells;
const CellKernels kCells = {lstm, gru};

}  // namespace thane::THANE_ISA
