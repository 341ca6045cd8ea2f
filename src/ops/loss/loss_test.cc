#include <limits>

#include "ops/op_test.h"

namespace thane {
namespace {

using testing::OpCase;

Tensor f(const Dims& dims) { return testing::counting<float>(dims); }

TEST(Losses, LabelsAreChecked) {
  const auto error = [](const char* op, int64_t label, bool ignored) {
    OpCase one(op);
    one.input(f({1, 3})).input(testing::ints({label}));
    if (ignored) one.attr("ignore_index", AttrValue(label));
    return one.error();
  };
  for (const char* op : {"NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"}) {
    EXPECT_EQ(error(op, 2, false), "");
    for (int64_t label : {int64_t{3}, int64_t{-1}, std::numeric_limits<int64_t>::min()}) {
      EXPECT_NE(error(op, label, false), "");
      EXPECT_EQ(error(op, label, true), "");
    }
    EXPECT_NE(OpCase(op).input(f({2, 3})).input(testing::ints({1})).error(), "");
    EXPECT_NE(OpCase(op).input(f({2, 3})).input(testing::ints({1, 1})).input(f({2})).error(), "");
  }
}

}  // namespace
}  // namespace thane
