#include "kernels/matmul.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>

namespace thane {
namespace {

constexpr int64_t kRoom = 40000;

// Random problems whose sums are exact, against the definition. Strides run over overlapping, transposed and reversed
// inputs.
template <class T>
void compare(uint32_t seed, int rounds) {
  std::mt19937 random(seed);
  const auto pick = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  std::vector<T> a(kRoom), b(kRoom), bias(kRoom);
  for (auto* values : {&a, &b, &bias}) {
    for (T& value : *values) value = static_cast<T>(pick(0, 6) - (std::is_unsigned_v<T> ? 0 : 3));
  }
  const auto matrix = [&](int64_t rows, int64_t cols, int64_t& row, int64_t& col) {  // the offset of its first element
    switch (pick(0, 3)) {
      case 0: row = cols, col = 1; return int64_t{0};
      case 1: row = 1, col = rows; return int64_t{0};
      case 2: row = -cols, col = 1; return (rows - 1) * cols;
      default: row = pick(0, 1), col = pick(0, 1); return int64_t{0};
    }
  };
  ThreadPool pool(3);
  for (int round = 0; round < rounds; ++round) {
    const bool large = pick(0, 3) == 0;
    MatmulProblem p;
    p.dtype = kDTypeOf<T>;
    p.m = pick(1, large ? 140 : 9);
    p.n = pick(1, large ? 280 : 9);
    p.k = pick(0, large ? 70 : 9);
    const int64_t batch_count = pick(1, 3);
    MatmulOffsets start;
    start.a = matrix(p.m, std::max<int64_t>(p.k, 1), p.a_row, p.a_col);
    start.b = matrix(std::max<int64_t>(p.k, 1), p.n, p.b_row, p.b_col);
    const bool across = pick(0, 1) == 1;
    p.c_row = across ? 1 : p.n;
    p.c_col = across ? p.m : 1;
    if (pick(0, 1) == 1) {
      p.alpha = 2;
      p.beta = 3;
      p.bias = bias.data();
      p.bias_row = pick(0, 1) * p.n;
      p.bias_col = pick(0, 1);
    }
    std::vector<MatmulOffsets> batches;
    for (int64_t i = 0; i < batch_count; ++i) batches.push_back({start.a + i, start.b + 2 * i, i * p.m * p.n});
    std::vector<T> c(static_cast<size_t>(batch_count * p.m * p.n), T(99));
    p.a = a.data();
    p.b = b.data();
    p.c = c.data();
    matmul(p, batches, pool);
    for (const MatmulOffsets& at : batches) {
      for (int64_t i = 0; i < p.m; ++i) {
        for (int64_t j = 0; j < p.n; ++j) {
          int64_t sum = 0;
          for (int64_t k = 0; k < p.k; ++k) {
            sum += static_cast<int64_t>(a[static_cast<size_t>(at.a + i * p.a_row + k * p.a_col)]) *
                   static_cast<int64_t>(b[static_cast<size_t>(at.b + k * p.b_row + j * p.b_col)]);
          }
          if (p.beta != 0)
            sum = 2 * sum + 3 * static_cast<int64_t>(bias[static_cast<size_t>(i * p.bias_row + j * p.bias_col)]);
          ASSERT_EQ(c[static_cast<size_t>(at.c + i * p.c_row + j * p.c_col)], static_cast<T>(sum))
              << "round " << round << ": " << p.m << " x " << p.n << " x " << p.k << " at " << i << ", " << j;
        }
      }
    }
  }
}

TEST(Matmul, MatchesTheDefinition) {
  compare<float>(1, 150);
  compare<double>(2, 60);
  compare<int32_t>(3, 60);
  compare<int64_t>(4, 60);
  compare<uint64_t>(5, 60);
}

TEST(Matmul, IntegersWrapAroundUnlessScaled) {
  const int8_t a[] = {100, 100}, b[] = {100, 100};
  int8_t c = 0;
  MatmulProblem p;
  p.dtype = DType::kInt8;
  p.m = p.n = 1;
  p.k = 2;
  p.a = a;
  p.b = b;
  p.b_row = 1;
  p.c = &c;
  ThreadPool pool(1);
  matmul(p, pool);
  EXPECT_EQ(c, static_cast<int8_t>(20000 % 256));
  p.alpha = -0.5;
  matmul(p, pool);
  EXPECT_EQ(c, -128);
}

TEST(Matmul, ThreadsDoNotChangeBits) {
  std::mt19937 random(9);
  std::normal_distribution<float> normal;
  for (const auto& [m, n, k] : {std::array<int64_t, 3>{150, 300, 600}, {2, 900, 500}, {900, 2, 500}}) {
    std::vector<float> a(static_cast<size_t>(m * k)), b(static_cast<size_t>(k * n));
    for (float& v : a) v = normal(random);
    for (float& v : b) v = normal(random);
    std::vector<float> results[2];
    for (int threads : {1, 4}) {
      std::vector<float>& c = results[threads > 1];
      c.resize(static_cast<size_t>(m * n));
      MatmulProblem p{DType::kFloat32, m, n, k, a.data(), k, 1, b.data(), n, 1, c.data(), n, 1};
      ThreadPool pool(threads);
      matmul(p, pool);
    }
    EXPECT_EQ(std::memcmp(results[0].data(), results[1].data(), results[0].size() * sizeof(float)), 0);
  }
}

}  // namespace
}  // namespace thane
