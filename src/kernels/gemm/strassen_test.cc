#include "kernels/gemm/strassen.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "kernels/gemm/tiling.h"
#include "kernels/kernel_test.h"

namespace thane {
namespace {

// A product with every addend, in memory that ends where it says.
struct Problem {
  Problem(Isa isa, int64_t m, int64_t n, int64_t k, std::mt19937& random)
      : isa(isa),
        gemm(gemm_kernel(isa)),
        m(m),
        n(n),
        k(k),
        a((m - 1) * (k + 5) + k),
        b(k * n),
        packed(k * gemm.packed_columns(n)),
        row_bias(m),
        column_bias(n),
        residual((m - 1) * (n + 3) + n) {
    for (GuardedFloats* x : {&a, &b, &row_bias, &column_bias, &residual}) x->fill(random);
    pack();
  }

  void pack() { pack_b(gemm, k, n, b.data(), n, 1, 1.0f, packed.data()); }
  float& a_at(int64_t i, int64_t j) { return a[i * (k + 5) + j]; }

  GemmPanel whole(GuardedFloats& c) const {
    GemmPanel whole{.m = m, .n = n, .k = k, .a = a.data(), .lda = k + 5, .b = packed.data(), .c = c.data()};
    whole.ldc = n + 3;
    whole.epilogue.row_bias = row_bias.data();
    whole.epilogue.column_bias = column_bias.data();
    whole.epilogue.residual = residual.data();
    whole.epilogue.low = -20;
    whole.epilogue.map = {MapOp::kAffine, 0.5f, 0};
    return whole;
  }

  // By Strassen's algorithm, cut for so many threads, a few jobs at a time.
  void strassen(int threads, GuardedFloats& c) const {
    const StrassenTiling tiling(isa, gemm, m, n, k, threads);
    GuardedFloats kept(tiling.round_floats()), work(tiling.work_floats());
    for (int64_t round = 0; round < tiling.rounds(); ++round) {
      const int64_t pairs = tiling.row_pairs(round), jobs = tiling.jobs(round);
      for (int64_t i = 0; i < pairs; i += 7) {
        tiling.sum_rows(whole(c), round, i, std::min(i + 7, pairs), kept.data());
      }
      for (int64_t i = 0; i < jobs; i += threads) {
        tiling.run(whole(c), round, i, std::min(i + threads, jobs), kept.data(), work.data());
      }
    }
  }
  void plain(GuardedFloats& c) const {
    const GemmTiling tiling(gemm, m, n, k);
    tiling.run(whole(c), 0, tiling.jobs());
  }
  double exact(int64_t i, int64_t j) const {
    double sum = double{row_bias[i]} + column_bias[j] + residual[i * (n + 3) + j];
    for (int64_t x = 0; x < k; ++x) sum += double{a[i * (k + 5) + x]} * b[x * n + j];
    return std::max(sum, -20.0) / 2;
  }

  Isa isa;
  const GemmKernel& gemm;
  int64_t m, n, k;
  GuardedFloats a, b, packed, row_bias, column_bias, residual;
};

double largest(const GuardedFloats& x) {
  double most = 0;
  for (int64_t i = 0; i < x.size(); ++i) most = std::max(most, std::fabs(double{x[i]}));
  return most;
}

// |error| ≤ (18·(k²/4 + 3·k) − 6·k)·ε·max|A|·max|B| (Higham 2002, section 23.2.2, of one step in Winograd's form), and
// that of the addends; in the mean, no more than four times that of the plain product.
void check(Problem& p) {
  GuardedFloats c((p.m - 1) * (p.n + 3) + p.n), other(c.size()), plain(c.size());
  for (int64_t i = 0; i < c.size(); ++i) c[i] = other[i] = 777;
  p.strassen(1, c);
  p.strassen(3, other);
  p.plain(plain);
  ASSERT_EQ(std::memcmp(c.data(), other.data(), static_cast<size_t>(c.size()) * sizeof(float)), 0)
      << "depends on threads";
  const auto depth = static_cast<double>(p.k);
  const double bound =
      6e-8 * ((18 * (depth * depth / 4 + 3 * depth) - 6 * depth) * largest(p.a) * largest(p.b) + 8 * 20);
  double squares = 0, plain_squares = 0;
  for (int64_t i = 0; i < p.m; ++i) {
    const int64_t row = i * (p.n + 3);
    for (int64_t j = 0; j < p.n; ++j) {
      const double want = p.exact(i, j), error = c[row + j] - want, plain_error = plain[row + j] - want;
      ASSERT_LE(std::fabs(error), bound) << i << "," << j;
      squares += error * error;
      plain_squares += plain_error * plain_error;
    }
    for (int64_t j = p.n; j < p.n + 3 && row + j < c.size(); ++j) ASSERT_EQ(c[row + j], 777.0f) << "beyond the row";
  }
  EXPECT_LE(squares, 16 * plain_squares);
}

TEST(Strassen, MatchesFp64AtEveryInstructionSet) {
  for_each_isa([](Isa isa) {
    std::mt19937 random(5);
    const int64_t rows = gemm_kernel(isa).rows, columns = gemm_kernel(isa).columns;
    for (int round = 0; round < 12; ++round) {
      const int64_t m = 2 * rows + int64_t(random() % 80), n = 2 * columns + int64_t(random() % 150);
      Problem p(isa, m, n, 2 * (1 + int64_t(random() % 60)), random);
      SCOPED_TRACE(::testing::Message() << m << " x " << n << " x " << p.k);
      ASSERT_NO_FATAL_FAILURE(check(p));
    }
    // Several chunks, rounds and blocks over k.
    Problem large(isa, 300, 5 * columns + 3, 1240, random);
    ASSERT_NO_FATAL_FAILURE(check(large));
  });
}

// What one row holds must not be felt in others: such chunks are multiplied the plain way, to its very bits.
TEST(Strassen, LeavesUnlikeRowsAlone) {
  for_each_isa([](Isa isa) {
    std::mt19937 random(6);
    const float infinity = std::numeric_limits<float>::infinity();
    for (const float odd : {1e6f, infinity, -infinity, std::nanf("")}) {
      for (const int64_t row : {0, 3, 40}) {
        Problem p(isa, 64, 3 * gemm_kernel(isa).columns + 1, 64, random);
        p.a_at(row, 17) = odd;
        GuardedFloats c((p.m - 1) * (p.n + 3) + p.n), plain(c.size());
        for (int64_t i = 0; i < c.size(); ++i) c[i] = plain[i] = 777;
        p.strassen(2, c);
        p.plain(plain);
        for (int64_t i = 0; i < c.size(); ++i) {
          ASSERT_TRUE(c[i] == plain[i] || (std::isnan(c[i]) && std::isnan(plain[i]))) << odd << " at " << i;
        }
      }
    }
  });
}

TEST(Strassen, SuitsColumnsThatAreAlike) {
  for_each_isa([](Isa isa) {
    std::mt19937 random(7);
    const GemmKernel& gemm = gemm_kernel(isa);
    Problem p(isa, 16, 5 * gemm.columns, 40, random);
    const auto suits = [&] {
      p.pack();
      return StrassenTiling::suits(isa, gemm, p.k, p.n, p.packed.data());
    };
    EXPECT_TRUE(suits());
    for (int64_t i = 0; i < p.k; ++i) p.b[i * p.n + 2] = 0;  // nothing to lose
    EXPECT_TRUE(suits());
    for (const float odd : {1e5f, std::numeric_limits<float>::infinity(), std::nanf("")}) {
      float& place = p.b[3 * p.n + 3 * gemm.columns + 1];
      const float usual = place;
      place = odd;
      EXPECT_FALSE(suits()) << odd;
      place = usual;
    }
    p.b[3 * p.n + 4 * gemm.columns] = 1e5f;  // in a panel that has no other beside it
    EXPECT_TRUE(suits());
  });
}

}  // namespace
}  // namespace thane
