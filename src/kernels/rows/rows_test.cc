#include "kernels/rows/rows.h"

#include "kernels/kernel_test.h"

namespace thane {
namespace {

TEST(Rows, MatchFp64AtEveryLength) {
  for_each_isa([](Isa isa) {
    const RowKernels& rows = row_kernels(isa);
    std::mt19937 random(4);
    for (int64_t n = 1; n < 300; n += n < 80 ? 1 : 37) {
      GuardedFloats x(n), mask(n), scale(n), bias(n), y(n);
      for (GuardedFloats* v : {&x, &mask, &scale, &bias}) v->fill(random, 3);
      for (int64_t i = 0; i < n; ++i) x[i] += 100;  // a mean far from 0
      double top = -HUGE_VAL, total = 0, mean = 0, variance = 0, square = 0;
      for (int64_t i = 0; i < n; ++i) top = std::fmax(top, 0.25 * x[i] + mask[i]);
      for (int64_t i = 0; i < n; ++i) total += std::exp(0.25 * x[i] + mask[i] - top);
      for (int64_t i = 0; i < n; ++i) mean += x[i] / double(n), square += double(x[i]) * x[i] / double(n);
      for (int64_t i = 0; i < n; ++i) variance += (x[i] - mean) * (x[i] - mean) / double(n);
      rows.softmax(n, 0.25f, x.data(), mask.data(), y.data());
      for (int64_t i = 0; i < n; ++i) ASSERT_NEAR(y[i], std::exp(0.25 * x[i] + mask[i] - top) / total, 1e-5) << n;
      rows.layer_norm(n, 1e-5f, x.data(), scale.data(), bias.data(), y.data());
      for (int64_t i = 0; i < n; ++i) {
        const double want = (x[i] - mean) / std::sqrt(variance + 1e-5) * scale[i] + bias[i];
        ASSERT_NEAR(y[i], want, 3e-5 * (1 + std::fabs(scale[i])) * (n < 3 ? 100 : 1)) << n;
      }
      rows.rms_norm(n, 1e-5f, x.data(), scale.data(), y.data());
      for (int64_t i = 0; i < n; ++i) {
        ASSERT_NEAR(y[i], x[i] / std::sqrt(square + 1e-5) * scale[i], 1e-5 * std::fabs(scale[i])) << n;
      }
    }
  });
}

TEST(Rows, SoftmaxOfMaskedRows) {
  for_each_isa([](Isa isa) {
    float x[19], y[19];
    for (int i = 0; i < 19; ++i) x[i] = i == 7 ? 2.0f : -HUGE_VALF;
    row_kernels(isa).softmax(19, 1, x, nullptr, y);
    for (int i = 0; i < 19; ++i) EXPECT_EQ(y[i], i == 7 ? 1.0f : 0.0f);
  });
}

}  // namespace
}  // namespace thane
