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
    const auto operand = [&] {
      const bool is_signed = random() % 2 == 0;
      const bool half = random() % 2 == 0;  // as that of the larger scale is
      return IntegerSum::Operand{.is_signed = is_signed,
                                 .zero = in_range(0, 255) - (is_signed ? 128 : 0),
                                 .fraction = half ? 1 << 30 : in_range(int64_t{1} << 30, (int64_t{1} << 31) - 1),
                                 .shift = half ? 0 : in_range(-8, 0)};
    };
    for (int round = 0; round < 300; ++round) {
      const int64_t n = in_range(1, 70), a_stride = random() % 4 != 0, b_stride = random() % 4 != 0;
      IntegerSum sum{.a = operand(), .b = operand(), .subtracts = random() % 2 == 0, .headroom = 20};
      // A power of two makes many sums lie halfway between whole numbers.
      sum.fraction = random() % 4 == 0 ? 1 << 30 : in_range(int64_t{1} << 30, (int64_t{1} << 31) - 1);
      sum.shift = random() % 8 == 0 ? in_range(-2, 0) : in_range(-24, -16);
      sum.zero = in_range(0, 255);
      sum.low = in_range(0, 100);
      sum.high = in_range(sum.low, 255);
      Guarded<uint8_t> a(a_stride ? n : 1), b(b_stride ? n : 1), y(n);
      for (int64_t i = 0; i < a.size(); ++i) a[i] = static_cast<uint8_t>(random());
      for (int64_t i = 0; i < b.size(); ++i) b[i] = static_cast<uint8_t>(random());
      run(sum, n, a.data(), a_stride, b.data(), b_stride, y.data());
      const auto contribution = [&](const IntegerSum::Operand& o, uint8_t byte) {
        const int64_t value = (o.is_signed ? static_cast<int8_t>(byte) : int64_t{byte}) - o.zero;
        return fixed_product(value * (int64_t{1} << sum.headroom), o.fraction, o.shift);
      };
      for (int64_t i = 0; i < n; ++i) {
        const int64_t x = contribution(sum.a, a[i * a_stride]), z = contribution(sum.b, b[i * b_stride]);
        const int64_t want = fixed_product(sum.subtracts ? x - z : x + z, sum.fraction, sum.shift) + sum.zero;
        ASSERT_EQ(y[i], std::clamp<int64_t>(want, sum.low, sum.high)) << "round " << round << ", " << i;
      }
    }
  });
}

}  // namespace
}  // namespace thane
