#include "kernels/integer/sum.h"

#include <algorithm>

#include "kernels/integer/rounding_test.h"
#include "kernels/kernel_test.h"

namespace thane {
namespace {

TEST(IntegerSum, ExactAtEveryInstructionSet) {
  for_each_isa([](Isa isa) {
    const IntegerSumRun run = integer_sum(isa);
    std::mt19937 random(5);
    const auto in_range = [&](int64_t low, int64_t high) {
      return static_cast<int32_t>(low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1)));
    };
    for (int round = 0; round < 300; ++round) {
      const int64_t n = in_range(1, round % 8 ? 70 : 300), x_stride = random() % 4 != 0, z_stride = random() % 4 != 0;
      // The factor of the larger scale has 21 bits; powers of two make many sums lie halfway between whole numbers.
      const auto factor = [&] { return random() % 4 == 0 ? 1 << 20 : in_range(random() % 2 ? 1 << 20 : 0, 1 << 21); };
      IntegerSum sum{.is_signed = random() % 2 == 0, .a = factor(), .b = factor(), .shift = in_range(12, 30)};
      if (random() % 2) sum.b = -sum.b;
      if (random() % 2) std::swap(sum.a, sum.b);
      const int32_t least = sum.is_signed ? -128 : 0, x_zero = least + in_range(0, 255),
                    z_zero = least + in_range(0, 255);
      const int64_t offset = (int64_t{1} << (sum.shift - 1)) - int64_t{sum.a} * x_zero - int64_t{sum.b} * z_zero;
      sum.offset = static_cast<int32_t>(static_cast<uint32_t>(offset));
      const ByteRange range = random_range(random);
      sum.zero = range.zero, sum.low = range.low, sum.high = range.high;
      Guarded<uint8_t> x(x_stride ? n : 1), z(z_stride ? n : 1), y(n);
      for (int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<uint8_t>(random());
      for (int64_t i = 0; i < z.size(); ++i) z[i] = static_cast<uint8_t>(random());
      run(sum, n, x.data(), x_stride, z.data(), z_stride, y.data());
      const auto value = [&](uint8_t byte) { return sum.is_signed ? static_cast<int8_t>(byte) : int64_t{byte}; };
      for (int64_t i = 0; i < n; ++i) {
        const int64_t whole = sum.a * value(x[i * x_stride]) + sum.b * value(z[i * z_stride]) + offset;
        const int64_t want = std::clamp<int64_t>((whole >> sum.shift) + sum.zero, sum.low, sum.high);
        ASSERT_EQ(y[i], static_cast<uint8_t>(want)) << "round " << round << ", " << i;
      }
    }
  });
}

}  // namespace
}  // namespace thane
