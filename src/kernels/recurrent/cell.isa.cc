#include "kernels/recurrent/cell.h"

#include "kernels/simd_math.h"

namespace thane::THANE_ISA {
namespace {

void lstm(const CellUnits& u) noexcept {
  for (int64_t j = 0; j < u.count; j += kLanes) {
    const int64_t n = u.count - j < kLanes ? u.count - j : kLanes;
    const auto gate = [&](int64_t g) { return get(u.x + g * u.x_gate + j, n) + get(u.sums + g * u.sums_gate + j, n); };
    const Vec input = sigmoid(gate(0)), output = sigmoid(gate(1)), forget = sigmoid(gate(2));
    const Vec cell = forget * get(u.c + j, n) + input * tanh(gate(3));
    put(u.c + j, cell, n);
    put(u.next_h + j, output * tanh(cell), n);
  }
}

void gru(const CellUnits& u) noexcept {
  for (int64_t j = 0; j < u.count; j += kLanes) {
    const int64_t n = u.count - j < kLanes ? u.count - j : kLanes;
    const auto x = [&](int64_t g) { return get(u.x + g * u.x_gate + j, n); };
    const auto sum = [&](int64_t g) { return get(u.sums + g * u.sums_gate + j, n); };
    const Vec update = sigmoid(x(0) + sum(0)), reset = sigmoid(x(1) + sum(1));
    const Vec fresh = tanh(x(2) + reset * sum(2));
    put(u.next_h + j, fresh + update * (get(u.h + j, n) - fresh), n);
  }
}

}  // namespace

extern const CellKernels kCells;
const CellKernels kCells = {lstm, gru};

}  // namespace thane::THANE_ISA
