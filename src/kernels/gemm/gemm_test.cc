#include "kernels/gemm/gemm.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "base/small_types.h"
#include "kernels/gemm/tiling.h"
#include "kernels/kernel_test.h"

namespace thane {
namespace {

struct Case {
  int64_t m, n, k, taps;
  bool indirect, biases, residual, clamp, silu;
  GemmWord word = GemmWord::kFloat;
  bool for_size = false;  // by the kernel for products of this size

  const GemmKernel& kernel(Isa isa) const { return for_size ? gemm_kernel_for(isa, k, n) : gemm_kernel(isa, word); }
};

// B[taps·k × n] with rows of zeros up to whole words for each tap.
std::vector<float> padded_taps(const GemmKernel& kernel, const Case& c, const GuardedFloats& b) {
  const int64_t depth = kernel.words_of(c.k) * kernel.depth_per_word();
  std::vector<float> padded(static_cast<size_t>(c.taps * depth * c.n));
  for (int64_t t = 0; t < c.taps; ++t) {
    std::copy_n(b.data() + t * c.k * c.n, c.k * c.n, padded.begin() + t * depth * c.n);
  }
  return padded;
}

// Against fp64, on tails in every direction; |error| ≤ k·ε·Σ|a·b| (Higham 2002, section 3.1). What a kernel rounds to
// bfloat16 is rounded beforehand.
void check(Isa isa, const Case& c, std::mt19937& random) {
  const GemmKernel& kernel = c.kernel(isa);
  ASSERT_EQ(kernel.word, c.word);
  const int64_t depth = c.taps * c.k, ldc = c.n + 3;
  GuardedFloats a(c.m * depth), b(depth * c.n), row_bias(c.m), column_bias(c.n), zeros(c.k);
  GuardedFloats packed(c.taps * kernel.words_of(c.k) * kernel.packed_columns(c.n));
  GuardedFloats out((c.m - 1) * ldc + c.n), residual(out.size());
  for (GuardedFloats* x : {&a, &b, &row_bias, &column_bias, &residual}) x->fill(random);
  const auto round = [](GuardedFloats& x) {
    for (int64_t i = 0; i < x.size(); ++i) x[i] = BFloat16(x[i]);
  };
  if (c.word == GemmWord::kBf16Pair) round(b);
  if (c.word == GemmWord::kBf16Pair && isa >= Isa::kAvx512Bf16 && c.m > 1) round(a);
  for (int64_t i = 0; i < out.size(); ++i) out[i] = 777;
  for (int64_t i = 0; i < c.k; ++i) zeros[i] = 0;
  // Row i of tap t: anywhere, or in the padding.
  std::vector<int32_t> a_offsets, c_offsets;
  for (int64_t i = 0; i < c.m; ++i) {
    c_offsets.push_back(static_cast<int32_t>((c.m - 1 - i) * ldc));
    for (int64_t t = 0; t < c.taps; ++t) {
      const bool padding = c.indirect && random() % 4 == 0;
      a_offsets.push_back(padding ? -1 : static_cast<int32_t>((c.m - 1 - i) * depth + t * c.k));
    }
  }
  const std::vector<float> padded = padded_taps(kernel, c, b);
  pack_b(kernel, static_cast<int64_t>(padded.size()) / c.n, c.n, padded.data(), c.n, 1, 2.0f, packed.data());
  GemmPanel whole{.m = c.m,
                  .n = c.n,
                  .k = c.k,
                  .taps = c.taps,
                  .a = a.data(),
                  .lda = depth,
                  .zeros = zeros.data(),
                  .b = packed.data(),
                  .c = out.data(),
                  .ldc = ldc};
  if (c.indirect) whole.a_offsets = a_offsets.data(), whole.c_offsets = c_offsets.data();
  if (c.biases) whole.epilogue.row_bias = row_bias.data(), whole.epilogue.column_bias = column_bias.data();
  if (c.residual) whole.epilogue.residual = residual.data();
  if (c.clamp) whole.epilogue.low = 0, whole.epilogue.high = 6;
  if (c.silu) whole.epilogue.map = {MapOp::kSilu, 1, 0};
  const GemmTiling tiling(kernel, c.m, c.n, c.k, c.taps);
  for (int64_t i = 0; i < tiling.jobs(); i += 3) tiling.run(whole, i, std::min(i + 3, tiling.jobs()));

  for (int64_t i = 0; i < c.m; ++i) {
    const int64_t row = c.indirect ? c_offsets[static_cast<size_t>(i)] : i * ldc;
    for (int64_t j = 0; j < c.n; ++j) {
      double want = 0, magnitude = 8;  // biases and residual count too
      for (int64_t t = 0; t < c.taps; ++t) {
        const int64_t from = c.indirect ? a_offsets[static_cast<size_t>(i * c.taps + t)] : i * depth;
        for (int64_t x = 0; from >= 0 && x < c.k; ++x) {
          const double product = 2.0 * a[from + x] * b[(t * c.k + x) * c.n + j];
          want += product;
          magnitude += std::fabs(product);
        }
      }
      if (c.biases) want += double(row_bias[i]) + column_bias[j];
      if (c.residual) want += residual[row + j];
      if (c.clamp) want = std::min(std::max(want, 0.0), 6.0);
      if (c.silu) want = want / (1 + std::exp(-want));
      ASSERT_NEAR(out[row + j], want, 6e-8 * double(depth + 4) * magnitude) << i << "," << j;
    }
    for (int64_t j = c.n; j < ldc && row + j < out.size(); ++j) ASSERT_EQ(out[row + j], 777.0f) << "beyond the row";
  }
}

void check_all(GemmWord word) {
  for_each_isa([word](Isa isa) {
    std::mt19937 random(11);
    const auto coin = [&] { return random() % 2 == 0; };
    for (int round = 0; round < 120; ++round) {
      const bool indirect = coin();
      check(isa,
            {1 + int64_t(random() % 40), 1 + int64_t(random() % 150), 1 + int64_t(random() % 70),
             indirect ? 1 + int64_t(random() % 4) : 1, indirect, coin(), coin(), coin(), random() % 4 == 0, word},
            random);
    }
    // Several blocks over k: parts of a tap, one tap, whole taps; and a residual in C's place. Few rows: no blocks.
    for (const int64_t taps : {1, 2, 5, 9}) {
      for (const int64_t k : {97, 210, 433}) {
        for (const int64_t rows : {1, 7, 30}) {
          check(isa,
                {rows, gemm_kernel(isa).columns + 5, taps == 1 ? 3 * k : k, taps, taps > 1, coin(), coin(), coin(),
                 coin(), word},
                random);
        }
      }
    }
  });
}

TEST(Gemm, MatchesFp64AtEveryInstructionSet) { check_all(GemmWord::kFloat); }
TEST(Gemm, MatchesFp64WithPanelsOfBf16) { check_all(GemmWord::kBf16Pair); }

// Chunks of rows, rounded to pairs, as high and deep as they get; and nothing to add up.
TEST(Gemm, RowsOfBf16FitWhereTheyArePacked) {
  for_each_isa([](Isa isa) {
    std::mt19937 random(13);
    for (const auto& [rows, k, taps] : std::vector<std::tuple<int64_t, int64_t, int64_t>>{
             {298, 768, 1}, {97, 1150, 3}, {200, 1148, 2}, {61, 300, 9}, {9, 0, 1}}) {
      check(isa, {rows, 3, k, taps, taps > 1, true, false, false, false, GemmWord::kBf16Pair}, random);
    }
  });
}

TEST(Gemm, MatchesFp64WithFewColumns) {
  for_each_isa([](Isa isa) {
    std::mt19937 random(12);
    const auto coin = [&] { return random() % 2 == 0; };
    for (int round = 0; round < 120; ++round) {
      const bool indirect = coin();
      check(isa,
            {1 + int64_t(random() % 40), 1 + int64_t(random() % 9), 20 + int64_t(random() % 60),
             indirect ? 1 + int64_t(random() % 4) : 1, indirect, coin(), coin(), coin(), random() % 4 == 0,
             GemmWord::kFloat, true},
            random);
    }
    for (const int64_t taps : {1, 5}) {  // several blocks over k
      check(isa, {30, 3, 433, taps, taps > 1, true, true, coin(), coin(), GemmWord::kFloat, true}, random);
    }
  });
}

TEST(Gemm, PacksTransposedAsPlain) {
  for_each_isa([](Isa isa) {
    for (const GemmWord word : {GemmWord::kFloat, GemmWord::kBf16Pair}) {
      const GemmKernel& kernel = gemm_kernel(isa, word);
      std::mt19937 random(3);
      for (int64_t n : {1, 7, 16, 33, 130}) {
        const int64_t k = 37;
        GuardedFloats b(k * n), transposed(k * n), one(kernel.words_of(k) * kernel.packed_columns(n)), two(one.size());
        b.fill(random);
        for (int64_t i = 0; i < k; ++i) {
          for (int64_t j = 0; j < n; ++j) transposed[j * k + i] = b[i * n + j];
        }
        pack_b(kernel, k, n, b.data(), n, 1, 1.0f, one.data());
        pack_b(kernel, k, n, transposed.data(), 1, k, 1.0f, two.data());
        ASSERT_EQ(std::memcmp(one.data(), two.data(), static_cast<size_t>(one.size()) * sizeof(float)), 0);
      }
    }
  });
}

}  // namespace
}  // namespace thane
