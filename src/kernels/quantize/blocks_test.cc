#include "kernels/quantize/blocks.h"

#include <vector>

#include "kernels/kernel_test.h"

namespace thane {
namespace {

TEST(WeightBlocks, EveryNumberOfBits) {
  for_each_isa([](Isa isa) {
    std::mt19937 random(4);
    for (const int bits : {2, 4, 8}) {
      for (const int64_t width : {16, 32, 64}) {
        const int64_t per_byte = 8 / bits, steps = static_cast<int64_t>(1 + random() % 40);
        Guarded<uint8_t> packed((steps + per_byte - 1) / per_byte * width);
        GuardedFloats scales(width), zeros(width), out(steps * width);
        for (int64_t i = 0; i < packed.size(); ++i) packed[i] = static_cast<uint8_t>(random());
        scales.fill(random);
        zeros.fill(random, 4);
        weight_blocks(isa).unpack({bits, steps, width, packed.data(), scales.data(), zeros.data()}, out.data());
        for (int64_t i = 0; i < steps; ++i) {
          for (int64_t c = 0; c < width; ++c) {
            const int byte = packed[i / per_byte * width + c];
            const int number = byte >> (i % per_byte * bits) & ((1 << bits) - 1);
            ASSERT_EQ(out[i * width + c], (static_cast<float>(number) - zeros[c]) * scales[c]) << i << "," << c;
          }
        }
        GuardedFloats a(steps), sums(width);
        a.fill(random);
        sums.fill(random);
        const std::vector<float> before(sums.data(), sums.data() + width);
        weight_blocks(isa).add_row({bits, steps, width, packed.data(), scales.data(), zeros.data()}, a.data(),
                                   sums.data());
        for (int64_t c = 0; c < width; ++c) {
          double want = double{before[static_cast<size_t>(c)]}, terms = std::abs(want);
          for (int64_t i = 0; i < steps; ++i) {
            want += double{a[i]} * out[i * width + c];
            terms += std::abs(double{a[i]} * (256 >> (8 - bits)) * scales[c]);
          }
          ASSERT_NEAR(sums[c], want, 1e-6 * terms) << c;
        }
      }
    }
  });
}

}  // namespace
}  // namespace thane
