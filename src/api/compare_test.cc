#include "api/compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace thane {
namespace {

Value floats(const std::vector<float>& values) { return Tensor::vector<float>(values); }

TEST(Compare, MeasuresHowFarApart) {
  const Difference d = compare(floats({1, 2, 3.5f}), floats({1, 2, 3}), {.absolute = 0.1, .relative = 0});
  EXPECT_FALSE(d.within);
  EXPECT_EQ(d.max_error, 0.5);
  EXPECT_DOUBLE_EQ(d.mean_error, 0.5 / 3);
  EXPECT_EQ(d.beyond, 1);
  EXPECT_EQ(d.first_beyond, 2);
  EXPECT_DOUBLE_EQ(d.cosine, 15.5 / std::sqrt(17.25 * 14));
  EXPECT_TRUE(compare(floats({1, 2, 3.5f}), floats({1, 2, 3}), {.absolute = 0, .relative = 0.2}).within);
}

TEST(Compare, TakesNanForEqualToNanOnly) {
  const float nan = std::nanf(""), inf = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(compare(floats({nan, inf}), floats({nan, inf}), {}).within);
  EXPECT_FALSE(compare(floats({nan}), floats({0}), {}).within);
  EXPECT_FALSE(compare(floats({0}), floats({nan}), {}).within);
  const Difference d = compare(floats({inf}), floats({-inf}), {});
  EXPECT_FALSE(d.within);
  EXPECT_TRUE(std::isinf(d.max_error));
}

TEST(Compare, SeesOtherStructure) {
  EXPECT_FALSE(compare(floats({1, 2}), floats({1, 2, 3}), {}).structure.empty());
  EXPECT_FALSE(compare(Value(), floats({1}), {}).within);
  EXPECT_TRUE(compare(Value(), Value(), {}).within);
  Sequence one, two;
  one.items = {floats({1})};
  two.items = {floats({1}), floats({2})};
  EXPECT_FALSE(compare(Value(one), Value(two), {}).within);
  EXPECT_TRUE(compare(Value(two), Value(two), {}).within);
}

}  // namespace
}  // namespace thane
