#include "kernels/rows/rows.h"

#include <vector>

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

TEST(Rows, SoftmaxInPartsMatchesFp64) {
  for_each_isa([](Isa isa) {
    const RowKernels& rows = row_kernels(isa);
    std::mt19937 random(9);
    for (int64_t n = 2; n < 120; ++n) {
      const int64_t cut = 1 + static_cast<int64_t>(random()) % (n - 1);
      GuardedFloats x(n), mask(n), y(n);
      x.fill(random, 20), mask.fill(random, 3);
      if (n % 3 == 0) std::fill_n(mask.data(), cut, -HUGE_VALF);  // the first part is hidden
      const float first = rows.top(cut, 0.5f, x.data(), mask.data());
      const float both = std::max(first, rows.top(n - cut, 0.5f, x.data() + cut, mask.data() + cut));
      const float earlier = std::exp(first - both);
      float sum = rows.exponentials(cut, 0.5f, x.data(), mask.data(), first, y.data()) * earlier;
      sum += rows.exponentials(n - cut, 0.5f, x.data() + cut, mask.data() + cut, both, y.data() + cut);
      double top = -HUGE_VAL, total = 0;
      for (int64_t i = 0; i < n; ++i) top = std::fmax(top, 0.5 * x[i] + mask[i]);
      for (int64_t i = 0; i < n; ++i) total += std::exp(0.5 * x[i] + mask[i] - top);
      ASSERT_NEAR(both, top, 1e-5) << n;
      ASSERT_NEAR(sum, total, 1e-5 * total) << n;
      for (int64_t i = 0; i < n; ++i) {
        ASSERT_NEAR(y[i] * (i < cut ? earlier : 1), std::exp(0.5 * x[i] + mask[i] - top), 1e-5) << n << ": " << i;
      }
    }
  });
}

TEST(Rows, ProductsMatchFp64) {
  for_each_isa([](Isa isa) {
    const RowKernels& rows = row_kernels(isa);
    std::mt19937 random(6);
    for (int64_t n = 1; n < 150; n += n < 70 ? 1 : 13) {
      const int64_t count = 1 + n % 9, stride = n + 2;
      GuardedFloats a(n), b((count - 1) * stride + n), by_row(count), by_column(n);
      for (GuardedFloats* v : {&a, &b, &by_row}) v->fill(random);
      const std::vector<float> weights(by_row.data(), by_row.data() + count);
      rows.mix(count, n, weights.data(), b.data(), stride, by_column.data());
      rows.dots(count, n, a.data(), b.data(), stride, by_row.data());
      for (int64_t r = 0; r < count; ++r) {
        double want = 0, terms = 0;
        for (int64_t i = 0; i < n; ++i)
          want += double(a[i]) * b[r * stride + i], terms += std::fabs(a[i] * b[r * stride + i]);
        ASSERT_NEAR(by_row[r], want, 1e-6 * terms) << n;
      }
      for (int64_t i = 0; i < n; ++i) {
        double want = 0, terms = 0;
        for (int64_t r = 0; r < count; ++r) {
          const double term = double(weights[static_cast<size_t>(r)]) * b[r * stride + i];
          want += term, terms += std::fabs(term);
        }
        ASSERT_NEAR(by_column[i], want, 1e-6 * terms) << n;
      }
    }
  });
}

TEST(Rows, SoftmaxOfHugeNumbers) {
  for_each_isa([](Isa isa) {
    float x[21], y[21];
    for (int i = 0; i < 21; ++i) x[i] = i % 3 ? 3.1e38f : -3.3e38f;
    row_kernels(isa).softmax(21, 1.03f, x, nullptr, y);
    for (int i = 0; i < 21; ++i) EXPECT_NEAR(y[i], i % 3 ? 1.0f / 14 : 0, 1e-7f);
    for (float& v : x) v = 1.7e9f;
    row_kernels(isa).softmax(21, 0.7f, x, x, y);
    for (const float v : y) EXPECT_NEAR(v, 1.0f / 21, 1e-7f);
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
