// The packed product against plain loops in double precision, at every instruction set, with the same bits for any
// number of threads.
#include <gtest/gtest.h>

#include "ops/kernel_case.h"
#include "ops/matmul/matmul.h"
#include "ops/matmul/packed.h"

namespace thane {
namespace {

using testing::noise;

void check(int64_t m, int64_t k, int64_t n, bool has_bias, bool has_residual, std::mt19937& random) {
  SCOPED_TRACE(::testing::Message() << m << " x " << k << " x " << n << (has_bias ? " bias" : "")
                                    << (has_residual ? " residual" : ""));
  auto attrs = std::make_shared<FusedMatMulAttrs>();
  attrs->activation = {ActivationKind::kClip, -1, 2};
  const testing::KernelCase product("FusedMatMul", attrs,
                                    {{.tensor = noise({m, k}, random)},
                                     {.tensor = noise({k, n}, random), .constant = true},
                                     {.tensor = noise({n}, random), .given = has_bias, .constant = true},
                                     {.tensor = noise({m, n}, random), .given = has_residual}});
  const auto at = [&](size_t input, int64_t i) { return double{product.tensor(input).data<float>()[i]}; };
  for_each_isa([&](Isa isa) {
    std::vector<float> got;
    ASSERT_NO_FATAL_FAILURE(product.run(kPackedFusedMatMul, isa, {m, n}, got));
    for (int64_t i = 0; i < m * n; ++i) {
      double want = 0, terms = 0;
      const auto add = [&](double term) { want += term, terms += std::fabs(term); };
      for (int64_t j = 0; j < k; ++j) add(at(0, i / n * k + j) * at(1, j * n + i % n));
      if (has_bias) add(at(2, i % n));
      if (has_residual) add(at(3, i));
      ASSERT_NEAR(got[static_cast<size_t>(i)], std::clamp(want, -1.0, 2.0), 1e-6 * terms) << i;
    }
  });
}

TEST(PackedMatMul, MatchesFp64WithEachAddend) {
  std::mt19937 random(12);
  for (const auto& [m, k, n] :
       {std::array<int64_t, 3>{1, 40, 100}, {2, 7, 3}, {13, 65, 24}, {40, 800, 49}, {71, 512, 801}}) {
    for (const bool bias : {false, true}) {
      for (const bool residual : {false, true}) check(m, k, n, bias, residual, random);
    }
  }
}

}  // namespace
}  // namespace thane
