#include "kernels/recurrent/cell.h"

#include "kernels/kernel_test.h"

namespace thane {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

TEST(Cell, MatchesFp64AtEveryWidth) {
  for_each_isa([](Isa isa) {
    std::mt19937 random(2);
    for (int64_t n = 1; n < 40; ++n) {
      GuardedFloats x(4 * n), sums(4 * n), c(n), h(n), before_c(n), before_h(n);
      for (GuardedFloats* v : {&x, &sums, &before_c, &before_h}) v->fill(random, 2);
      std::memcpy(c.data(), before_c.data(), size_t(n) * 4);
      cell_kernels(isa).lstm(n, x.data(), sums.data(), c.data(), h.data());
      const auto gate = [&](int64_t g, int64_t j) { return double(x[g * n + j]) + sums[g * n + j]; };
      for (int64_t j = 0; j < n; ++j) {
        const double cell = sigmoid(gate(2, j)) * before_c[j] + sigmoid(gate(0, j)) * std::tanh(gate(3, j));
        ASSERT_NEAR(c[j], cell, 2e-6);
        ASSERT_NEAR(h[j], sigmoid(gate(1, j)) * std::tanh(cell), 2e-6);
      }
      std::memcpy(h.data(), before_h.data(), size_t(n) * 4);
      cell_kernels(isa).gru(n, x.data(), sums.data(), h.data());
      for (int64_t j = 0; j < n; ++j) {
        const double z = sigmoid(gate(0, j)), r = sigmoid(gate(1, j));
        const double fresh = std::tanh(x[2 * n + j] + r * sums[2 * n + j]);
        ASSERT_NEAR(h[j], (1 - z) * fresh + z * before_h[j], 2e-6);
      }
    }
  });
}

}  // namespace
}  // namespace thane
