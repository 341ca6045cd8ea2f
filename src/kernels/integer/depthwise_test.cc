#include "kernels/integer/depthwise.h"

#include <algorithm>
#include <vector>

#include "kernels/integer/rounding_test.h"
#include "kernels/kernel_test.h"

namespace thane {
namespace {

TEST(IntegerDepthwise, ExactAtEveryInstructionSet) {
  for_each_isa([](Isa isa) {
    const IntegerDepthwise& kernel = integer_depthwise(isa);
    std::mt19937 random(8);
    const auto in_range = [&](int64_t low, int64_t high) {
      return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
    };
    for (int round = 0; round < 200; ++round) {
      const int64_t channels = in_range(1, random() % 8 ? 40 : 300), rows = in_range(1, 5),
                    taps = random() % 2 ? 3 : in_range(1, 7);
      const int64_t stride = in_range(1, 3), dilation = in_range(1, 2), pad = in_range(0, 3), in = in_range(1, 20);
      const int64_t outputs = random() % 8 ? in_range(1, 20) : in_range(45, 60);
      const bool is_signed = random() % 2 == 0, extreme = random() % 3 == 0;
      const auto zero = static_cast<int32_t>(in_range(0, 255)) - (is_signed ? 128 : 0);
      const int64_t padded = (channels + kernel.block - 1) / kernel.block * kernel.block;
      std::vector<int16_t> weights(static_cast<size_t>(channels * rows * taps));
      for (int16_t& w : weights) w = static_cast<int16_t>(extreme ? (random() % 2 ? 255 : -255) : in_range(-255, 255));
      Guarded<int32_t> packed(kernel.packed_size(channels, rows, taps)), bias(padded);
      Guarded<uint8_t> x(rows * in * channels), y(outputs * channels);
      GuardedFloats scales(padded);
      kernel.pack(channels, rows, taps, weights.data(), packed.data());
      for (int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<uint8_t>(extreme ? (random() % 2 ? 255 : 0) : random());
      for (int64_t c = 0; c < padded; ++c) {
        bias[c] = static_cast<int32_t>(in_range(-9999, 9999));
        scales[c] = 1.0f / static_cast<float>(in_range(2, 3000));
      }
      const std::vector<int32_t> plain_bias(bias.data(), bias.data() + padded);
      for (int64_t c = 0; c < channels; ++c) {  // the zero point is the epilogue's
        for (int64_t t = 0; t < rows * taps; ++t) bias[c] -= zero * weights[static_cast<size_t>(c * rows * taps + t)];
      }
      const std::vector<uint8_t> outside(static_cast<size_t>(channels), static_cast<uint8_t>(zero));
      std::vector<std::vector<const uint8_t*>> pixels(static_cast<size_t>(rows));
      std::vector<const uint8_t* const*> lines;
      for (int64_t r = 0; r < rows; ++r) {
        auto& line = pixels[static_cast<size_t>(r)];
        for (int64_t i = 0; i < (outputs - 1) * stride + (taps - 1) * dilation + 1; ++i) {
          const bool inside = i >= pad && i - pad < in;
          line.push_back(inside ? x.data() + (r * in + i - pad) * channels : outside.data());
        }
        lines.push_back(line.data());
      }
      const ByteRange range = random_range(random);
      kernel.run({.channels = channels,
                  .rows = rows,
                  .columns = taps,
                  .lines = lines.data(),
                  .stride = stride,
                  .dilation = dilation,
                  .is_signed = is_signed,
                  .weights = packed.data(),
                  .y = y.data(),
                  .pixels = outputs,
                  .epilogue = {.result = IntegerResult::kScaled,
                               .bias = bias.data(),
                               .scales = scales.data(),
                               .shrinks = random() % 4 != 0,
                               .zero = range.zero,
                               .low = range.low,
                               .high = range.high}});
      for (int64_t o = 0; o < outputs; ++o) {
        for (int64_t c = 0; c < channels; ++c) {
          int64_t sum = plain_bias[static_cast<size_t>(c)];
          for (int64_t r = 0; r < rows; ++r) {
            for (int64_t t = 0; t < taps; ++t) {
              const int64_t at = o * stride - pad + t * dilation;
              if (at < 0 || at >= in) continue;
              const uint8_t raw = x[(r * in + at) * channels + c];
              sum += (int64_t{is_signed ? static_cast<int8_t>(raw) : raw} - zero) *
                     weights[static_cast<size_t>((c * rows + r) * taps + t)];
            }
          }
          const double want = std::nearbyint(static_cast<float>(sum) * scales[c]);
          const uint8_t got = y[o * channels + c];
          ASSERT_EQ(range.low < 0 ? static_cast<int8_t>(got) : got,
                    static_cast<int>(std::clamp<double>(want + range.zero, range.low, range.high)))
              << o << "," << c;
        }
      }
    }
  });
}

}  // namespace
}  // namespace thane
