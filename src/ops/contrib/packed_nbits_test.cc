// The fast kernel of MatMulNBits against plain loops in double precision, at every instruction set of this machine,
// with the same bits for any number of threads.
#include <cmath>
#include <random>

#include "ops/contrib/contrib.h"
#include "ops/contrib/kernels.h"
#include "ops/kernel_case.h"

namespace thane::contrib {
namespace {

enum class Zeros { kNone, kPacked, kFloats };
struct Case {
  int64_t m, n, k, block, bits;
  Zeros zeros;
  bool bias;
};

void check(const Case& c, std::mt19937& random) {
  SCOPED_TRACE(::testing::Message() << c.m << "x" << c.n << "x" << c.k << ", " << c.bits << " bits by " << c.block);
  auto attrs = std::make_shared<MatMulNBitsAttrs>();
  attrs->n = c.n, attrs->k = c.k, attrs->block_size = c.block, attrs->bits = c.bits;
  const int64_t blocks = attrs->blocks(), bytes = c.block * c.bits / 8, zero_bytes = (blocks * c.bits + 7) / 8;
  const auto random_bytes = [&](const Dims& dims) {
    Tensor out = Tensor::must_allocate(DType::kUInt8, dims);
    for (int64_t i = 0; i < out.size(); ++i) out.data<uint8_t>()[i] = static_cast<uint8_t>(random());
    return out;
  };
  const Tensor a = testing::noise({c.m, c.k}, random), weights = random_bytes({c.n, blocks, bytes});
  const Tensor scales = testing::noise({c.n, blocks}, random), bias = testing::noise({c.n}, random);
  const Tensor zeros =
      c.zeros == Zeros::kFloats ? testing::noise({c.n, blocks}, random) : random_bytes({c.n, zero_bytes});
  const testing::KernelCase product("MatMulNBits", attrs,
                                    {{.tensor = a},
                                     {.tensor = weights, .constant = true},
                                     {.tensor = scales, .constant = true},
                                     {.tensor = zeros, .given = c.zeros != Zeros::kNone, .constant = true},
                                     {.tensor = Tensor::must_allocate(DType::kInt32, {c.k}), .given = false},
                                     {.tensor = bias, .given = c.bias, .constant = true}});
  const auto number = [&](const uint8_t* row, int64_t i) {
    return row[i * c.bits / 8] >> (i * c.bits % 8) & ((1 << c.bits) - 1);
  };
  const auto weight = [&](int64_t n, int64_t k) {
    const int64_t block = k / c.block;
    double zero = 1 << (c.bits - 1);
    if (c.zeros == Zeros::kPacked) zero = number(zeros.data<uint8_t>() + n * zero_bytes, block);
    if (c.zeros == Zeros::kFloats) zero = double{zeros.data<float>()[n * blocks + block]};
    return (number(weights.data<uint8_t>() + n * blocks * bytes, k) - zero) *
           double{scales.data<float>()[n * blocks + block]};
  };
  for_each_isa([&](Isa isa) {
    std::vector<float> got;
    ASSERT_NO_FATAL_FAILURE(product.run(kPackedNBits, isa, {c.m, c.n}, got));
    for (int64_t m = 0; m < c.m; ++m) {
      for (int64_t n = 0; n < c.n; ++n) {
        double want = c.bias ? double{bias.data<float>()[n]} : 0, terms = std::abs(want);
        for (int64_t k = 0; k < c.k; ++k) {
          const double term = double{a.data<float>()[m * c.k + k]} * weight(n, k);
          want += term, terms += std::abs(term);
        }
        ASSERT_NEAR(got[static_cast<size_t>(m * c.n + n)], want, 1e-6 * terms) << m << "," << n;
      }
    }
  });
}

TEST(PackedNBits, IsWithinTheProductsBound) {
  std::mt19937 random(12);
  for (const Case& c : {Case{1, 40, 64, 32, 4, Zeros::kNone, false}, Case{1, 17, 1000, 16, 4, Zeros::kPacked, true},
                        Case{3, 33, 300, 64, 8, Zeros::kPacked, false}, Case{7, 5, 129, 32, 2, Zeros::kPacked, true},
                        Case{2, 70, 530, 512, 4, Zeros::kFloats, true}, Case{1, 3, 16, 16, 2, Zeros::kNone, false},
                        Case{20, 48, 700, 128, 4, Zeros::kNone, true}}) {
    check(c, random);
  }
}

}  // namespace
}  // namespace thane::contrib
