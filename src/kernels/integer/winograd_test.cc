#include "kernels/integer/winograd.h"

#include <deque>
#include <vector>

#include "kernels/kernel_test.h"

namespace thane {
namespace {

// One tile's inputs, products and outputs beside direct sums in 64 bits.
void check(const IntegerWinograd& kernel, int64_t in, int64_t out, int limit, IntegerResult result,
           std::mt19937& random) {
  const bool is_signed = random() % 2, extreme = random() % 4 == 0;
  const int32_t zero = static_cast<int32_t>(random() % 256) - (is_signed ? 128 : 0);
  std::deque<Guarded<uint8_t>> pixels;
  const uint8_t* taps[36];
  for (int i = 0; i < 36; ++i) {
    pixels.emplace_back(in);
    for (int64_t c = 0; c < in; ++c) {
      pixels.back()[c] = static_cast<uint8_t>(extreme ? (random() % 2 ? 255 : 0) : random());
    }
    taps[i] = pixels.back().data();
  }
  std::vector<int16_t> g(static_cast<size_t>(9 * in * out)), u(static_cast<size_t>(36 * in * out));
  for (int16_t& w : g) {
    const int magnitude = static_cast<int>(extreme ? static_cast<unsigned>(limit) : random() % (limit + 1u));
    w = static_cast<int16_t>(random() % 2 ? magnitude : -magnitude);
  }
  transform_integer_weights(in * out, g.data(), u.data());

  const int64_t even = in + in % 2, wide = out + 16;
  Guarded<int16_t> v(36 * even);
  kernel.input({in, taps, is_signed, zero, v.data(), even});
  if (in % 2) {
    for (int i = 0; i < 36; ++i) ASSERT_EQ(v[i * even + in], 0);
  }
  Guarded<int32_t> m(36 * wide);
  for (int i = 0; i < 36; ++i) {
    for (int64_t j = 0; j < wide; ++j) {
      uint32_t sum = 0;  // wrapping
      for (int64_t c = 0; c < in && j < out; ++c) {
        sum += static_cast<uint32_t>(v[i * even + c] * u[static_cast<size_t>((i * out + j) * in + c)]);
      }
      m[i * wide + j] = static_cast<int32_t>(sum);
    }
  }
  Guarded<int32_t> bias(wide);
  GuardedFloats scales(wide);
  for (int64_t j = 0; j < wide; ++j) {
    bias[j] = static_cast<int32_t>(random() % 200000) - 100000;
    scales[j] = std::ldexp(1.0f + static_cast<float>(random() % 1000) / 1000, -static_cast<int>(random() % 16));
  }
  const IntegerEpilogue e{
      .result = result, .bias = bias.data(), .scales = scales.data(), .zero = 3, .low = 1, .high = 250};
  const int rows = 1 + static_cast<int>(random() % 4), columns = 1 + static_cast<int>(random() % 4);
  const int64_t row_stride = 5 * out, bytes = e.result_bytes();
  Guarded<uint8_t> y(((rows - 1) * row_stride + columns * out) * bytes);
  kernel.output({out, m.data(), wide, rows, columns, y.data(), row_stride, e});
  for (int r = 0; r < rows; ++r) {
    for (int x = 0; x < columns; ++x) {
      for (int64_t j = 0; j < out; ++j) {
        int64_t sum = 0;
        for (int t = 0; t < 9; ++t) {
          for (int64_t c = 0; c < in; ++c) {
            const uint8_t raw = taps[(r + t / 3) * 6 + x + t % 3][c];
            const int64_t w = g[static_cast<size_t>((t * out + j) * in + c)];
            sum += ((is_signed ? static_cast<int8_t>(raw) : raw) - zero) * w;
          }
        }
        ASSERT_LT(std::abs(sum), kIntegerWinogradLimit) << "the case leaves what is promised";
        sum += bias[j];
        const uint8_t* at = y.data() + (r * row_stride + x * out + j) * bytes;
        if (result == IntegerResult::kSums) {
          int32_t got;
          std::memcpy(&got, at, sizeof got);
          ASSERT_EQ(got, sum) << r << "," << x << "," << j;
        } else {
          const double q = std::nearbyint(static_cast<float>(sum) * scales[j]) + e.zero;
          ASSERT_EQ(*at, static_cast<int>(std::fmin(std::fmax(q, e.low), e.high))) << r << "," << x << "," << j;
        }
      }
    }
  }
}

TEST(IntegerWinograd, GivesTheSumsOfDirectEvaluation) {
  std::mt19937 random(11);
  for_each_isa([&](Isa isa) {
    for (const auto& [in, out] : {std::pair{1, 1}, {3, 5}, {7, 8}, {16, 16}, {17, 9}, {33, 31}, {40, 24}}) {
      for (const int limit : {128, 255}) {
        for (const IntegerResult result : {IntegerResult::kSums, IntegerResult::kScaled}) {
          check(integer_winograd(isa), in, out, limit, result, random);
        }
      }
    }
  });
}

// The largest sums that are promised: all taps and all weights at their ends.
TEST(IntegerWinograd, IsExactUpToItsLimit) {
  for_each_isa([&](Isa isa) {
    constexpr int64_t in = (kIntegerWinogradLimit - 1) / (9 * 255 * 255);
    for (const int sign : {-1, 1}) {
      const std::vector<uint8_t> pixel(in, 255);
      const uint8_t* taps[36];
      std::fill_n(taps, 36, pixel.data());
      const std::vector<int16_t> g(9 * in, static_cast<int16_t>(255 * sign));
      std::vector<int16_t> u(36 * in), v(36 * (in + in % 2));
      transform_integer_weights(in, g.data(), u.data());
      integer_winograd(isa).input({in, taps, false, 0, v.data(), in + in % 2});
      std::vector<int32_t> m(36 * 16), y(16);
      for (size_t i = 0; i < 36; ++i) {
        uint32_t sum = 0;
        for (size_t c = 0; c < static_cast<size_t>(in); ++c) {
          sum +=
              static_cast<uint32_t>(v[i * static_cast<size_t>(in + in % 2) + c] * u[i * static_cast<size_t>(in) + c]);
        }
        m[i * 16] = static_cast<int32_t>(sum);
      }
      integer_winograd(isa).output({1, m.data(), 16, 4, 4, y.data(), 4, {}});
      for (const int32_t sum : y) EXPECT_EQ(sum, sign * in * 9 * 255 * 255);
    }
  });
}

}  // namespace
}  // namespace thane
