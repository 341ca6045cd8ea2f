// Seeded streams against numpy.random.RandomState(7).
#include <cmath>
#include <limits>

#include "ops/op_test.h"
#include "ops/random/stream.h"

namespace thane {
namespace {

using testing::elements;
using testing::OpCase;
using testing::tensor;

TEST(RandomStream, EqualsNumpy) {
  RandomStream uniform(7);
  EXPECT_EQ(uniform.uniform(), 0x1.388f0a7465c98p-4);
  EXPECT_EQ(uniform.uniform(), 0x1.8f5184146a0a7p-1);
  RandomStream normal(7);
  for (double expected : {0x1.b0c64ae2deb29p+0, -0x1.dd1eafa1d414dp-2, 0x1.0cdcdf34c3aedp-5, 0x1.a14bf2d03adc9p-2}) {
    EXPECT_DOUBLE_EQ(normal.normal(), expected);
  }
}

TEST(Random, ShapesAndTypes) {
  const AttrValue shape = std::vector<int64_t>{200, 50};
  const auto x = OpCase("RandomUniform").attr("shape", shape).attr("low", AttrValue(-1.0f)).attr("dtype", 11).run();
  EXPECT_EQ(x->dtype(), DType::kFloat64);
  double sum = 0;
  for (double v : elements<double>(*x)) {
    ASSERT_TRUE(v >= -1 && v < 1);
    sum += v;
  }
  EXPECT_LT(std::fabs(sum / 10000), 0.03);  // five standard deviations
  EXPECT_NE(OpCase("RandomNormal").attr("shape", AttrValue(std::vector<int64_t>{-1})).error(), "");
  EXPECT_NE(OpCase("RandomNormal").error(), "");
  EXPECT_NE(OpCase("RandomNormalLike").input(tensor<int32_t>({1}, {1})).error(), "");
}

TEST(Multinomial, FollowsTheDistribution) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const auto drawn = OpCase("Multinomial")
                         .input(tensor<float>({2, 3}, {0, std::log(3.0f), -kInf, -kInf, -kInf, 5}))
                         .attr("sample_size", 4000)
                         .attr("dtype", 7)
                         .run();
  int64_t ones = 0;
  for (int64_t i = 0; i < 4000; ++i) {
    ASSERT_LT(drawn->data<int64_t>()[i], 2);
    ones += drawn->data<int64_t>()[i];
    ASSERT_EQ(drawn->data<int64_t>()[4000 + i], 2);
  }
  EXPECT_NEAR(static_cast<double>(ones), 3000, 140);  // five standard deviations
  EXPECT_NE(OpCase("Multinomial").input(tensor<float>({1, 2}, {-kInf, -kInf})).error(), "");
  EXPECT_NE(OpCase("Multinomial").input(tensor<float>({2}, {1, 1})).error(), "");
}

TEST(Dropout, BadRatio) {
  const Tensor x = tensor<float>({1}, {1});
  const auto dropout = [&](float ratio) {
    return OpCase("Dropout").input(x).input(tensor<float>({}, {ratio})).input(tensor<bool>({}, {true})).error();
  };
  EXPECT_NE(dropout(1), "");
  EXPECT_NE(dropout(std::numeric_limits<float>::quiet_NaN()), "");
  EXPECT_EQ(dropout(0.25f), "");
}

}  // namespace
}  // namespace thane
