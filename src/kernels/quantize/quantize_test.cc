#include "kernels/quantize/quantize.h"

#include "kernels/kernel_test.h"

namespace thane {
namespace {

TEST(Quantize, MatchesRoundingInFp64) {
  for_each_isa([](Isa isa) {
    const QuantizeKernels& kernels = quantize_kernels(isa);
    std::mt19937 random(12);
    for (int64_t n = 1; n < 120; ++n) {
      GuardedFloats x(n), back(n);
      Guarded<uint8_t> u(n);
      Guarded<int8_t> s(n);
      x.fill(random, 40);
      for (int64_t i = 0; i < n; i += 3) x[i] = std::floor(x[i]) + 0.25f;  // halves at scale 0.5
      if (n > 2) x[0] = 1e30f, x[1] = -HUGE_VALF;
      const auto zero = static_cast<int32_t>(random() % 200);
      kernels.to_u8(n, 0.5f, zero, x.data(), u.data());
      kernels.to_s8(n, 0.5f, zero - 100, x.data(), s.data());
      for (int64_t i = 0; i < n; ++i) {
        const double q = std::nearbyint(x[i] / 0.5);
        ASSERT_EQ(u[i], static_cast<int>(std::fmin(std::fmax(q + zero, 0), 255)));
        ASSERT_EQ(s[i], static_cast<int>(std::fmin(std::fmax(q + zero - 100, -128), 127)));
      }
      kernels.from_u8(n, 0.5f, zero, u.data(), back.data());
      for (int64_t i = 0; i < n; ++i) ASSERT_EQ(back[i], float(u[i] - zero) * 0.5f);
      kernels.from_s8(n, 0.5f, zero, s.data(), back.data());
      for (int64_t i = 0; i < n; ++i) ASSERT_EQ(back[i], float(s[i] - zero) * 0.5f);
    }
  });
}

}  // namespace
}  // namespace thane
