// Products of the factors give the matrix back; shapes that are none are refused.
#include <cmath>

#include "ops/linalg/linalg.h"
#include "ops/op_test.h"

namespace thane {
namespace {

using testing::counting;
using testing::elements;
using testing::OpCase;
using testing::own;
using testing::tensor;

TEST(Linalg, CholeskyByHand) {
  const auto l = elements<double>(*own("Cholesky").input(tensor<double>({2, 2}, {4, 9, 2, 5})).run());
  EXPECT_EQ(l, (std::vector<double>{2, 0, 1, 2}));
}

TEST(Linalg, FactorsGiveTheMatrixBack) {
  constexpr double kMatrix[] = {2, -1, 0.5, 3, 4, 1, -2, 0.25, 7, 1, 1, 1};
  for (const auto& [m, n] : {std::pair<int64_t, int64_t>{4, 3}, {3, 4}}) {
    double q[16], r[16], u[16], s[4], v[16];
    linalg::Matrices x{m, n, 0, kMatrix, nullptr, {q, r, nullptr}};
    linalg::qr(x);
    x.out[0] = u, x.out[1] = s, x.out[2] = v;
    linalg::svd(x);
    const int64_t k = std::min(m, n);
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        double by_qr = 0, by_svd = 0;
        for (int64_t t = 0; t < m; ++t) by_qr += q[i * m + t] * r[t * n + j];
        for (int64_t t = 0; t < k; ++t) by_svd += u[i * k + t] * s[t] * v[j * k + t];
        EXPECT_NEAR(by_qr, kMatrix[i * n + j], 1e-12);
        EXPECT_NEAR(by_svd, kMatrix[i * n + j], 1e-12);
      }
    }
  }
}

TEST(Linalg, SystemsAndSpectra) {
  const auto y = own("SolveTriangular").attr("upper", int64_t{1}).input(tensor<double>({2, 2}, {2, 1, 9, 4}));
  EXPECT_EQ(elements<double>(*OpCase(y).input(tensor<double>({2, 1}, {5, 12})).run()), (std::vector<double>{1, 3}));
  const auto values = elements<double>(*own("Eigh").input(tensor<double>({2, 2}, {2, 0, 1, 2})).run());
  EXPECT_NEAR(values[0], 1, 1e-12);
  EXPECT_NEAR(values[1], 3, 1e-12);
  const auto e = elements<double>(*own("MatrixExp").input(tensor<double>({1, 1}, {3})).run());
  EXPECT_NEAR(e[0], std::exp(3.0), 1e-12);
  EXPECT_NE(own("LU").input(counting<float>({3})).error(), "");
  EXPECT_NE(own("Eigh").input(counting<float>({2, 3})).error(), "");
}

}  // namespace
}  // namespace thane
