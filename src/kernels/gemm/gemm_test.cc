#include "kernels/gemm/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "base/cpu.h"

namespace thane {
namespace {

struct Case {
  int64_t m, n, k;
  bool bias;
  bool clamp;
};

// Against fp64, on tails in every direction; |error| ≤ k·ε·Σ|a·b| (Higham 2002, section 3.1).
void check(Isa isa, const Case& c, std::mt19937& random) {
  const GemmKernel& kernel = gemm_kernel(isa);
  std::normal_distribution<float> normal;
  const auto fill = [&](int64_t n) {
    std::vector<float> v(static_cast<size_t>(n));
    for (float& x : v) x = normal(random);
    return v;
  };
  const auto a = fill(c.m * c.k), b = fill(c.k * c.n), row_bias = fill(c.m), column_bias = fill(c.n);
  std::vector<float> packed(static_cast<size_t>(packed_size(c.k, c.n, kernel.columns)));
  pack_b(c.k, c.n, b.data(), c.n, 1, 2.0f, kernel.columns, packed.data());
  const int64_t ldc = c.n + 3;
  std::vector<float> out(static_cast<size_t>(c.m * ldc), 777.0f);
  for (int64_t j = 0; j < c.n; j += kernel.columns) {
    GemmEpilogue epilogue;
    if (c.bias) epilogue = {row_bias.data(), column_bias.data() + j, epilogue.low, epilogue.high};
    if (c.clamp) epilogue.low = 0.0f, epilogue.high = 6.0f;
    kernel.panel(c.m, std::min<int64_t>(kernel.columns, c.n - j), c.k, a.data(), c.k, packed.data() + j * c.k,
                 out.data() + j, ldc, epilogue);
  }
  for (int64_t i = 0; i < c.m; ++i) {
    for (int64_t j = 0; j < ldc; ++j) {
      const float got = out[static_cast<size_t>(i * ldc + j)];
      if (j >= c.n) {
        ASSERT_EQ(got, 777.0f) << "written beyond the row";
        continue;
      }
      double want = 0, magnitude = 1;
      for (int64_t x = 0; x < c.k; ++x) {
        const double product = 2.0 * a[static_cast<size_t>(i * c.k + x)] * b[static_cast<size_t>(x * c.n + j)];
        want += product;
        magnitude += std::fabs(product);
      }
      if (c.bias) want += double(row_bias[static_cast<size_t>(i)]) + column_bias[static_cast<size_t>(j)];
      if (c.clamp) want = std::min(std::max(want, 0.0), 6.0);
      ASSERT_NEAR(got, want, 6e-8 * double(c.k + 2) * magnitude) << i << "," << j;
    }
  }
}

TEST(Gemm, MatchesFp64AtEveryInstructionSet) {
  for (Isa isa : {Isa::kPortable, Isa::kAvx2, Isa::kAvx512}) {
    if (isa > cpu_facts().best) continue;
    std::mt19937 random(11);
    for (int round = 0; round < 60; ++round) {
      check(isa,
            {1 + int64_t(random() % 20), 1 + int64_t(random() % 150), int64_t(random() % 70), random() % 2 == 0,
             random() % 2 == 0},
            random);
    }
  }
}

}  // namespace
}  // namespace thane
