#include "kernels/pool/pool.h"

#include <vector>

#include "kernels/kernel_test.h"

namespace thane {
namespace {

TEST(Pool, MatchesFp64) {
  for_each_isa([](Isa isa) {
    const PoolKernels& pools = pool_kernels(isa);
    std::mt19937 random(8);
    for (int64_t channels = 1; channels < 40; ++channels) {
      const int64_t rows = 1 + int64_t(random() % 200);
      GuardedFloats x(rows * channels), y(channels);
      x.fill(random);
      std::vector<const float*> taps;
      for (int64_t i = 0; i < rows; ++i) taps.push_back(x.data() + i * channels);
      const auto check = [&](bool maximum) {
        for (int64_t c = 0; c < channels; ++c) {
          double best = -HUGE_VAL, sum = 0;
          for (int64_t i = 0; i < rows; ++i) {
            best = std::fmax(best, x[i * channels + c]);
            sum += x[i * channels + c];
          }
          ASSERT_NEAR(y[c], maximum ? best : sum * 0.5, 1e-6 * double(rows));
        }
      };
      pools.max(channels, rows, taps.data(), y.data());
      check(true);
      pools.max_rows(channels, rows, x.data(), channels, y.data());
      check(true);
      pools.sum(channels, rows, taps.data(), 0.5f, y.data());
      check(false);
      pools.sum_rows(channels, rows, x.data(), channels, 0.5f, y.data());
      check(false);
    }
  });
}

}  // namespace
}  // namespace thane
