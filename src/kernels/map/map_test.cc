#include "kernels/map/map.h"

#include <functional>
#include <vector>

#include "kernels/kernel_test.h"

namespace thane {
namespace {

struct Function {
  MapSpec spec;
  double most_ulps;  // where the exact result is a normal number
  double (*exact)(double);
};

const Function kFunctions[] = {
    {{MapOp::kExp}, 2, [](double x) { return std::exp(x); }},
    {{MapOp::kLog}, 2, [](double x) { return std::log(x); }},
    {{MapOp::kTanh}, 2, [](double x) { return std::tanh(x); }},
    {{MapOp::kErf}, 2, [](double x) { return std::erf(x); }},
    {{MapOp::kSigmoid}, 3, [](double x) { return 1 / (1 + std::exp(-x)); }},
    {{MapOp::kSilu, 1}, 3, [](double x) { return x / (1 + std::exp(-x)); }},
    {{MapOp::kSoftplus}, 3, [](double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }},
    {{MapOp::kSqrt}, 0.5, [](double x) { return std::sqrt(x); }},
    {{MapOp::kReciprocal}, 0.5, [](double x) { return 1 / x; }},
    {{MapOp::kSquare}, 0.5, [](double x) { return x * x; }},
    {{MapOp::kAbs}, 0, [](double x) { return std::fabs(x); }},
    {{MapOp::kNegate}, 0, [](double x) { return -x; }},
    {{MapOp::kRelu}, 0, [](double x) { return x > 0    ? x
                                              : x == x ? 0
                                                       : x; }},
    {{MapOp::kClip, -1, 2}, 0, [](double x) { return x < -1  ? -1
                                                     : x > 2 ? 2
                                                             : x; }},
};

TEST(Map, StaysWithinItsUlps) {
  for_each_isa([](Isa isa) {
    std::mt19937 random(5);
    std::vector<float> xs;
    for (int i = 0; i < 200000; ++i) {  // every exponent
      const uint32_t bits = random();
      float x;
      std::memcpy(&x, &bits, 4);
      if (!std::isnan(x)) xs.push_back(x);
    }
    std::uniform_real_distribution<float> usual(-12, 12), wide(-110, 110);
    for (int i = 0; i < 200000; ++i) xs.push_back(i % 2 ? usual(random) : wide(random));
    for (float x : {0.0f, -0.0f, 1.0f, HUGE_VALF, -HUGE_VALF}) xs.push_back(x);
    std::vector<float> ys(xs.size());
    for (const Function& f : kFunctions) {
      map_kernels(isa).run(f.spec, static_cast<int64_t>(xs.size()), xs.data(), ys.data());
      double worst = 0;
      float where = 0;
      for (size_t i = 0; i < xs.size(); ++i) {
        const double want = f.exact(xs[i]);
        if (want != 0 && std::fabs(want) < 1e-36) continue;  // near subnormals
        if (std::isinf(xs[i]) && std::isnan(want)) continue;
        const double error = ulps(ys[i], want);
        if (error > worst) worst = error, where = xs[i];
      }
      EXPECT_LE(worst, f.most_ulps) << "function " << static_cast<int>(f.spec.op) << " at " << where;
    }
  });
}

TEST(Map, GeluIsCloseEverywhere) {
  for_each_isa([](Isa isa) {
    for (const float x : {-1e30f, -100.0f, 100.0f, 1e30f, HUGE_VALF}) {
      float y;
      map_kernels(isa).run({MapOp::kGelu}, 1, &x, &y);
      EXPECT_EQ(y, x > 0 ? x : 0.0f) << x;
    }
    for (float x = -10; x < 10; x += 0.003f) {
      float y, z;
      map_kernels(isa).run({MapOp::kGelu}, 1, &x, &y);
      map_kernels(isa).run({MapOp::kGeluTanh}, 1, &x, &z);
      const double d = x;
      ASSERT_NEAR(y, 0.5 * d * (1 + std::erf(d / std::sqrt(2.0))), 4e-7 * (1 + std::fabs(d)) / 2) << x;
      ASSERT_NEAR(z, 0.5 * d * (1 + std::tanh(0.7978845608028654 * (d + 0.044715 * d * d * d))),
                  3e-7 * (1 + std::fabs(d)) / 2)
          << x;
    }
  });
}

TEST(Map, NanStaysNan) {
  for_each_isa([](Isa isa) {
    for (int op = 0; op < kMapOpCount; ++op) {
      const float x = NAN;
      float y = 0;
      map_kernels(isa).run({static_cast<MapOp>(op), 1, 2}, 1, &x, &y);
      EXPECT_TRUE(std::isnan(y)) << op;
    }
  });
}

TEST(Zip, EveryLengthAndStride) {
  for_each_isa([](Isa isa) {
    std::mt19937 random(9);
    for (int op = 0; op < kZipOpCount; ++op) {
      for (int64_t n = 1; n < 70; ++n) {
        for (int strides = 0; strides < 4; ++strides) {
          const int64_t sa = strides & 1, sb = strides >> 1;
          GuardedFloats a(sa ? n : 1), b(sb ? n : 1), y(n);
          a.fill(random);
          b.fill(random);
          map_kernels(isa).run(static_cast<ZipOp>(op))(n, a.data(), sa, b.data(), sb, y.data());
          for (int64_t i = 0; i < n; ++i) {
            const float p = a[i * sa], q = b[i * sb];
            const float want[] = {p + q, p - q, p * q, p / q, std::fmin(p, q), std::fmax(p, q), p < 0 ? p * q : p};
            ASSERT_EQ(y[i], want[op]) << "op " << op << " n " << n;
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace thane
