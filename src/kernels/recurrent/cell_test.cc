#include "kernels/recurrent/cell.h"

#include "kernels/kernel_test.h"

namespace thane {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

TEST(Cell, MatchesFp64AtEveryWidth) {
  for_each_isa([](Isa isa) {
    std::mt19937 random(2);
    for (int64_t n = 1; n < 40; ++n) {
      const int64_t x_gate = n + 3, sums_gate = n + 5;
      GuardedFloats x(3 * x_gate + n), sums(3 * sums_gate + n), c(n), h(n), next(n), before_c(n);
      for (GuardedFloats* v : {&x, &sums, &before_c, &h}) v->fill(random, 2);
      std::memcpy(c.data(), before_c.data(), size_t(n) * 4);
      CellUnits units{.count = n,
                      .x = x.data(),
                      .x_gate = x_gate,
                      .sums = sums.data(),
                      .sums_gate = sums_gate,
                      .h = h.data(),
                      .c = c.data(),
                      .next_h = next.data()};
      cell_kernels(isa).lstm(units);
      const auto gate = [&](int64_t g, int64_t j) { return double(x[g * x_gate + j]) + sums[g * sums_gate + j]; };
      for (int64_t j = 0; j < n; ++j) {
        const double cell = sigmoid(gate(2, j)) * before_c[j] + sigmoid(gate(0, j)) * std::tanh(gate(3, j));
        ASSERT_NEAR(c[j], cell, 2e-6);
        ASSERT_NEAR(next[j], sigmoid(gate(1, j)) * std::tanh(cell), 2e-6);
      }
      GuardedFloats gru_x(2 * x_gate + n), gru_sums(2 * sums_gate + n);
      std::memcpy(gru_x.data(), x.data(), size_t(gru_x.size()) * 4);
      std::memcpy(gru_sums.data(), sums.data(), size_t(gru_sums.size()) * 4);
      units.x = gru_x.data(), units.sums = gru_sums.data(), units.c = nullptr;
      cell_kernels(isa).gru(units);
      for (int64_t j = 0; j < n; ++j) {
        const double z = sigmoid(gate(0, j)), r = sigmoid(gate(1, j));
        const double fresh = std::tanh(x[2 * x_gate + j] + r * sums[2 * sums_gate + j]);
        ASSERT_NEAR(next[j], (1 - z) * fresh + z * h[j], 2e-6);
      }
    }
  });
}

}  // namespace
}  // namespace thane
