#include "kernels/pool/pool.h"

#include <algorithm>
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

template <class T, class Run>
void check_bytes(const Run& max) {
  std::mt19937 random(9);
  for (int64_t channels = 1; channels < 150; ++channels) {
    const int64_t rows = 1 + int64_t(random() % 9);
    Guarded<T> x(rows * channels), y(channels);
    for (int64_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(random());
    std::vector<const T*> taps;
    for (int64_t i = 0; i < rows; ++i) taps.push_back(x.data() + i * channels);
    max(channels, rows, taps.data(), y.data());
    for (int64_t c = 0; c < channels; ++c) {
      T best = x[c];
      for (int64_t i = 1; i < rows; ++i) best = std::max(best, x[i * channels + c]);
      ASSERT_EQ(y[c], best) << channels << " " << c;
    }
  }
}

TEST(Pool, MaximaOfBytes) {
  for_each_isa([](Isa isa) {
    check_bytes<uint8_t>(pool_kernels(isa).max_u8);
    check_bytes<int8_t>(pool_kernels(isa).max_s8);
  });
}

}  // namespace
}  // namespace thane
