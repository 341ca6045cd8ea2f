#include "kernels/integer/gemm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/integer/rounding_test.h"
#include "kernels/kernel_test.h"

namespace thane {
namespace portable {
extern const IntegerGemm kPlainQuads;
}
namespace {

// kCommon: most bytes lie near the zero point, few far away.
enum class Spread : uint8_t { kExtreme, kUniform, kCommon };

struct Case {
  IntegerWindows windows;
  int64_t m, n;
  IntegerResult result;
  bool bias, shrinks;
  Spread spread;
};

int64_t random_in(std::mt19937& random, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
}

void check(const IntegerGemm& kernel, int limit, Case c, std::mt19937& random) {
  const IntegerWindows& w = c.windows;
  const int64_t depth = w.depth(), words = kernel.words_of(depth), columns = kernel.packed_columns(c.n);
  const int64_t pixels = w.y.in * w.x_axis.in;
  Guarded<uint8_t> x((pixels - 1) * w.pixel_bytes + w.channels);
  std::normal_distribution<float> normal(static_cast<float>(w.unsigned_zero()), static_cast<float>(random() % 70 + 1));
  for (int64_t i = 0; i < x.size(); ++i) {
    switch (c.spread) {
      case Spread::kExtreme: x[i] = random() % 2 ? 255 : 0; break;
      case Spread::kUniform: x[i] = static_cast<uint8_t>(random()); break;
      case Spread::kCommon: x[i] = static_cast<uint8_t>(std::clamp(normal(random), 0.0f, 255.0f));
    }
    if (w.is_signed) x[i] ^= 0x80;
  }
  c.windows.x = x.data();
  std::vector<int16_t> b(static_cast<size_t>(depth * c.n));
  for (int16_t& v : b) {
    v = static_cast<int16_t>(c.spread == Spread::kExtreme ? (random() % 2 ? limit : -limit - (limit == 127))
                                                          : random_in(random, -limit, limit));
  }
  Guarded<int8_t> packed(kernel.column_bytes(depth) * columns);
  pack_integer_b(kernel, depth, c.n, b.data(), packed.data());
  Guarded<int32_t> bias(columns);
  GuardedFloats scales(columns), addends(columns);
  addends.fill(random);
  for (int64_t j = 0; j < columns; ++j) {
    bias[j] = static_cast<int32_t>(random_in(random, -100000, 100000));
    scales[j] = std::ldexp(1.0f + static_cast<float>(random() % 1000) / 1001,
                           -static_cast<int>(random() % 16) - static_cast<int>(c.shrinks));
  }
  const ByteRange range = random_range(random);
  IntegerEpilogue e{.result = c.result,
                    .scales = scales.data(),
                    .addends = addends.data(),
                    .shrinks = c.shrinks,
                    .zero = range.zero,
                    .low = range.low,
                    .high = range.high};
  Guarded<int32_t> corrected(columns);
  for (int64_t j = 0; j < columns; ++j) corrected[j] = c.bias ? bias[j] : 0;
  if (kernel.needs_correction()) {
    const int32_t zero = w.unsigned_zero() - kernel.origin(w.unsigned_zero());
    for (int64_t j = 0; j < c.n; ++j) {
      for (int64_t k = 0; k < depth; ++k) corrected[j] -= zero * b[static_cast<size_t>(j * depth + k)];
    }
  }
  if (c.bias || kernel.needs_correction()) e.bias = corrected.data();
  const int64_t ldc = c.n + 2, bytes = e.result_bytes();
  Guarded<uint8_t> out(((c.m - 1) * ldc + c.n) * bytes);
  for (int64_t i = 0; i < out.size(); ++i) out[i] = 0xa5;
  for (int64_t row = 0; row < c.m;) {  // in pieces, as chunks are
    const int64_t count = std::min<int64_t>(c.m - row, random_in(random, 1, random() % 2 ? 9 : 99));
    Guarded<int32_t> space(kernel.space(count, words));
    const IntegerRows rows = kernel.pack_a(c.windows, row, count, space.data());
    ASSERT_EQ(rows.m, count);
    for (int64_t first = 0; first < c.n; first += kernel.columns) {
      kernel.panel({.rows = rows,
                    .n = std::min<int64_t>(kernel.columns, c.n - first),
                    .b = packed.data() + first * kernel.column_bytes(depth),
                    .c = out.data() + (row * ldc + first) * bytes,
                    .ldc = ldc,
                    .epilogue = e.from(first)});
    }
    row += count;
  }
  for (int64_t i = 0; i < c.m; ++i) {
    for (int64_t j = 0; j < c.n; ++j) {
      int64_t sum = c.bias ? bias[j] : 0;
      for (int64_t k = 0; k < depth; ++k) {
        const int64_t channel = k % w.channels, tx = k / w.channels % w.x_axis.kernel,
                      ty = k / w.channels / w.x_axis.kernel;
        const int64_t y = i / w.out_width * w.y.stride - w.y.pad + ty * w.y.dilation;
        const int64_t at = i % w.out_width * w.x_axis.stride - w.x_axis.pad + tx * w.x_axis.dilation;
        if (y < 0 || y >= w.y.in || at < 0 || at >= w.x_axis.in) continue;
        const uint8_t raw = x[(y * w.x_axis.in + at) * w.pixel_bytes + channel];
        sum += (int64_t{w.is_signed ? static_cast<int8_t>(raw) : raw} - w.zero) * b[static_cast<size_t>(j * depth + k)];
      }
      const uint8_t* at = out.data() + (i * ldc + j) * bytes;
      const int byte = e.low < 0 ? static_cast<int8_t>(*at) : *at;
      int32_t got;
      float real;
      std::memcpy(&got, at, sizeof got * static_cast<size_t>(bytes == 4));
      std::memcpy(&real, at, sizeof real * static_cast<size_t>(bytes == 4));
      switch (c.result) {
        case IntegerResult::kSums: ASSERT_EQ(got, sum) << i << "," << j; break;
        case IntegerResult::kReals:
          ASSERT_NEAR(real, double(sum) * double(scales[j]) + double(addends[j]),
                      1e-6 * std::fabs(double(sum) * double(scales[j])) + 1e-6);
          break;
        case IntegerResult::kScaled: {
          const double q = std::nearbyint(static_cast<float>(sum) * scales[j]) + e.zero;
          ASSERT_EQ(byte, static_cast<int>(std::fmin(std::fmax(q, e.low), e.high))) << i << "," << j;
        }
      }
    }
    for (int64_t j = c.n * bytes; j < ldc * bytes && i * ldc * bytes + j < out.size(); ++j) {
      ASSERT_EQ(out[i * ldc * bytes + j], 0xa5) << "beyond the row";
    }
  }
}

Case random_case(std::mt19937& random) {
  const auto coin = [&] { return random() % 2 == 0; };
  Case c{};
  IntegerWindows& w = c.windows;
  w.is_signed = coin();
  w.zero = static_cast<int32_t>(coin() ? random() % 256 : coin() ? 0 : 128) - (w.is_signed ? 128 : 0);
  w.channels = random_in(random, 1, random() % 3 == 0 ? 90 : 9);
  w.pixel_bytes = w.channels + (random() % 4 == 0 ? 3 : 0);
  for (IntegerWindows::Axis* axis : {&w.y, &w.x_axis}) {
    axis->in = random_in(random, 1, 9);
    if (coin()) continue;
    axis->kernel = random_in(random, 1, 5);
    axis->stride = random_in(random, 1, 2);
    axis->dilation = random() % 4 == 0 ? 2 : 1;
    axis->pad = random_in(random, 0, 3);
  }
  w.out_width =
      w.x_axis.kernel == 1 && w.x_axis.stride == 1 && w.x_axis.pad == 0 ? w.x_axis.in : random_in(random, 1, 7);
  c.m = w.out_width * random_in(random, 1, w.y.kernel == 1 && w.y.pad == 0 && w.y.stride == 1 ? w.y.in : 5);
  c.n = random_in(random, 1, 150);
  c.result = static_cast<IntegerResult>(random() % 3);
  c.bias = coin();
  c.spread = static_cast<Spread>(random() % 3);
  c.shrinks = coin();
  return c;
}

TEST(IntegerGemm, ExactAtEveryInstructionSet) {
  for_each_isa([](Isa isa) {
    std::mt19937 random(5);
    for (int round = 0; round < 150; ++round) {
      const Case c = random_case(random);
      check(integer_gemms(isa).narrow, 127, c, random);
      check(integer_gemms(isa).wide, 255, c, random);
      if (const IntegerGemm* mild = integer_gemms(isa).mild) check(*mild, 64, c, random);
    }
  });
}

TEST(IntegerGemm, ChoosesByTheWeights) {
  for_each_isa([](Isa isa) {
    const IntegerGemms& gemms = integer_gemms(isa);
    const IntegerGemm& mild = gemms.mild ? *gemms.mild : gemms.narrow;
    // Columns of three weights each, and zeros down to `depth`.
    const auto chosen = [&](const std::vector<int16_t>& columns, int64_t depth = 90) {
      const auto n = static_cast<int64_t>(columns.size()) / 3;
      std::vector<int16_t> b(static_cast<size_t>(n * depth));
      for (int64_t i = 0; i < n * 3; ++i)
        b[static_cast<size_t>(i / 3 * depth + i % 3)] = columns[static_cast<size_t>(i)];
      return &integer_gemm_for(isa, depth, n, b.data());
    };
    EXPECT_EQ(chosen({}), &mild);
    EXPECT_EQ(chosen({64, 64, 127, -64, -64, -128}), &mild);
    EXPECT_EQ(chosen({127, -128, 0, 28, 100, 29}), &mild);
    EXPECT_EQ(chosen({127, -128, 0, 28, 100, 29}, 3), &mild);
    EXPECT_EQ(chosen({0, 0, 0, 100, 29, 0}), &gemms.narrow);
    EXPECT_EQ(chosen({0, 0, 0, 100, 29, 0}, 3), gemms.mild ? &gemms.wide : &gemms.narrow);
    EXPECT_EQ(chosen({-100, -29, 0, 0, 0, 0}), &gemms.narrow);
    EXPECT_EQ(chosen({0, 0, 128, 0, 0, 0}), &gemms.wide);
    EXPECT_EQ(chosen({-129, 0, 0}), &gemms.wide);
  });
}

#ifdef __x86_64__
TEST(IntegerGemm, QuadsAreExact) {
  std::mt19937 random(6);
  for (int round = 0; round < 150; ++round) check(portable::kPlainQuads, 127, random_case(random), random);
}
#endif

TEST(IntegerGemm, RoundsAtTheLimits) {
  for_each_isa([](Isa isa) {
    std::mt19937 random(7);
    const IntegerGemm& kernel = integer_gemms(isa).wide;
    for (int round = 0; round < 4000; ++round) {
      // Sums of any size come in as the bias of an empty product.
      const int64_t columns = kernel.lanes * (1 + round % 2);
      Guarded<int32_t> bias(columns);
      GuardedFloats scales(columns);
      Guarded<int8_t> out(columns);
      const bool shrinks = round % 4 < 2;
      for (int64_t j = 0; j < columns; ++j) {
        const int exponent = static_cast<int>(random() % 31) - (shrinks ? 31 : 23);
        scales[j] = std::ldexp(random() % 4 == 0 ? 1.0f : 1 + static_cast<float>(random() % 8191) / 8192, exponent);
        // At a tie or beside one, at the ends, or anywhere.
        const double half = static_cast<double>(random() % 200) - 99.5, tie = half / static_cast<double>(scales[j]);
        const double beside =
            std::clamp<double>(tie, INT32_MIN + 2, INT32_MAX - 2) + static_cast<double>(random() % 3) - 1;
        bias[j] = random() % 3 != 0 ? static_cast<int32_t>(std::lround(beside))
                  : random() % 2    ? (random() % 2 ? INT32_MIN : INT32_MAX)
                                    : static_cast<int32_t>(random());
      }
      const int32_t low = round % 3 ? -128 : -5;
      IntegerPanel panel{.rows = {.m = 1}, .n = columns, .c = out.data(), .ldc = columns, .epilogue = {}};
      panel.epilogue = {.result = IntegerResult::kScaled,
                        .bias = bias.data(),
                        .scales = scales.data(),
                        .shrinks = shrinks,
                        .zero = -5,
                        .low = low,
                        .high = 127};
      kernel.panel(panel);
      for (int64_t j = 0; j < columns; ++j) {
        const double want = std::nearbyint(static_cast<float>(bias[j]) * scales[j]) - 5;
        ASSERT_EQ(out[j], static_cast<int>(std::clamp<double>(want, low, 127))) << bias[j] << " " << scales[j];
      }
    }
  });
}

}  // namespace
}  // namespace thane
