#include "kernels/quantize/quantize.h"

#include <algorithm>

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

TEST(Quantize, NotANumberBecomesTheLeast) {
  for_each_isa([](Isa isa) {
    GuardedFloats x(37);
    Guarded<uint8_t> u(37);
    Guarded<int8_t> s(37);
    for (int64_t i = 0; i < x.size(); ++i) x[i] = NAN;
    quantize_kernels(isa).to_u8(x.size(), 1, 5, x.data(), u.data());
    quantize_kernels(isa).to_s8(x.size(), 1, 5, x.data(), s.data());
    for (int64_t i = 0; i < x.size(); ++i) {
      ASSERT_EQ(u[i], 0);
      ASSERT_EQ(s[i], -128);
    }
  });
}

TEST(Quantize, WidensRangesToHoldAllNumbers) {
  for_each_isa([](Isa isa) {
    std::mt19937 random(14);
    for (int64_t n = 1; n < 120; ++n) {
      GuardedFloats x(n);
      x.fill(random, 40);
      for (int turn = 0; turn < 2; ++turn) {  // then with a NaN in place of the largest
        float low = -3, high = 5;
        double least = low, most = high;
        for (int64_t i = 0; i < n; ++i) least = std::fmin(least, x[i]), most = std::fmax(most, x[i]);
        quantize_kernels(isa).widen_range(n, x.data(), &low, &high);
        ASSERT_EQ(low, least);
        ASSERT_EQ(high, most);
        *std::max_element(x.data(), x.data() + n) = NAN;
      }
    }
  });
}

TEST(Quantize, AddsAsNodesWould) {
  for_each_isa([](Isa isa) {
    std::mt19937 random(13);
    for (int64_t n = 1; n < 150; ++n) {
      Guarded<uint8_t> a(n), b(n), y(n);
      Guarded<int8_t> sa(n), sb(n), sy(n);
      for (int64_t i = 0; i < n; ++i) {
        a[i] = static_cast<uint8_t>(random()), b[i] = static_cast<uint8_t>(random());
        sa[i] = static_cast<int8_t>(a[i]), sb[i] = static_cast<int8_t>(b[i]);
      }
      QuantizedSum s{0.37f,
                     0.011f * static_cast<float>(1 + random() % 40),
                     0.3f + static_cast<float>(random() % 7) / 8,
                     3,
                     100,
                     7,
                     2,
                     240};
      if (n % 3 == 0)
        s.a_scale = s.b_scale = s.y_scale / 2;  // sums lie at halves of the result's steps, or beside them
      if (n % 10 == 0) s.y_scale = std::ldexp(s.y_scale, n % 20 ? -140 : 127);  // has no exact inverse
      const auto want = [&](int x, int z) {
        volatile float p = static_cast<float>(x - s.a_zero) * s.a_scale,
                       q = static_cast<float>(z - s.b_zero) * s.b_scale;
        volatile float sum = p + q;
        const double steps = std::nearbyint(static_cast<float>(sum) / s.y_scale) + s.y_zero;
        return static_cast<int>(std::fmin(std::fmax(steps, s.low), s.high));
      };
      quantize_kernels(isa).add_u8(n, s, a.data(), b.data(), y.data());
      for (int64_t i = 0; i < n; ++i) ASSERT_EQ(y[i], want(a[i], b[i]));
      s.low = -128, s.high = 127;
      quantize_kernels(isa).add_s8(n, s, sa.data(), sb.data(), sy.data());
      for (int64_t i = 0; i < n; ++i) ASSERT_EQ(sy[i], want(sa[i], sb[i]));
    }
  });
}

}  // namespace
}  // namespace thane
