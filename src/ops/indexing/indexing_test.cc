#include "ops/indexing/indexing.h"

#include <cmath>
#include <limits>

#include "ops/op_test.h"

namespace thane {
namespace {

using testing::counting;
using testing::elements;
using testing::ints;
using testing::OpCase;
using testing::strings;
using testing::tensor;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
using Ints = std::vector<int64_t>;

TEST(Indices, OutOfRange) {
  const Tensor data = counting<float>({2, 3});
  EXPECT_NE(OpCase("Gather").input(data).input(ints({2})).error(), "");
  EXPECT_NE(OpCase("Gather").input(data).input(ints({kMin})).error(), "");
  EXPECT_NE(OpCase("Gather").input(counting<float>({0, 3})).input(ints({0})).error(), "");
  EXPECT_NE(OpCase("GatherElements").input(data).input(tensor<int32_t>({1, 1}, {-3})).error(), "");
  EXPECT_NE(OpCase("GatherND").input(data).input(tensor<int64_t>({1, 2}, {0, 3})).error(), "");
  EXPECT_NE(OpCase("ScatterElements")
                .input(data)
                .input(tensor<int64_t>({1, 1}, {2}))
                .input(tensor<float>({1, 1}, {1}))
                .error(),
            "");
  EXPECT_NE(
      OpCase("ScatterND").input(data).input(tensor<int64_t>({1, 2}, {2, 0})).input(tensor<float>({1}, {1})).error(),
      "");
  EXPECT_NE(
      OpCase("ScatterND").input(data).input(tensor<int64_t>({1, 2}, {1, 0})).input(tensor<float>({2}, {1, 1})).error(),
      "");
  EXPECT_NE(OpCase("TensorScatter")
                .input(counting<float>({1, 4, 2}))
                .input(counting<float>({1, 2, 2}))
                .input(ints({3}))
                .error(),
            "");
  EXPECT_NE(OpCase("Compress").input(data).input(tensor<bool>({3}, {false, false, true})).attr("axis", 0).error(), "");
}

TEST(Gather, EmptyAndStrings) {
  const auto none = OpCase("Gather").input(counting<float>({2, 3})).input(ints({})).attr("axis", 1).run();
  EXPECT_EQ(to_string(none->dims()), "[2, 0]");
  const auto words = OpCase("Gather").input(strings({3}, {"a", "b", "c"})).input(ints({-1, 0})).run();
  EXPECT_EQ(elements<std::string>(*words), (std::vector<std::string>{"c", "a"}));
}

// numpy.minimum and the like let NaN through; integers wrap.
TEST(Scatter, Reductions) {
  const auto scatter = [](const Tensor& data, const Tensor& updates, const char* reduction) {
    return *OpCase("ScatterElements")
                .input(data)
                .input(ints({0, 0, 1}))
                .input(updates)
                .attr("reduction", reduction)
                .run();
  };
  const auto low = elements<float>(scatter(tensor<float>({2}, {1, kNan}), tensor<float>({3}, {-2, 5, 7}), "min"));
  EXPECT_EQ(low[0], -2);
  EXPECT_TRUE(std::isnan(low[1]));
  EXPECT_EQ(elements<int8_t>(scatter(tensor<int8_t>({2}, {100, 3}), tensor<int8_t>({3}, {100, 1, 4}), "add")),
            (std::vector<int8_t>{-55, 7}));
  EXPECT_EQ(elements<bool>(scatter(tensor<bool>({2}, {true, true}), tensor<bool>({3}, {true, false, true}), "mul")),
            (std::vector<bool>{false, true}));
  EXPECT_NE(OpCase("ScatterElements")
                .input(strings({1}, {"a"}))
                .input(ints({0}))
                .input(strings({1}, {"b"}))
                .attr("reduction", "add")
                .error(),
            "");
}

TEST(TopK, TiesAndNan) {
  const Tensor x = tensor<float>({6}, {3, kNan, -0.0f, 0.0f, 3, -std::numeric_limits<float>::infinity()});
  const auto indices = [&](int64_t k, int largest) {
    const auto out = OpCase("TopK").input(x).input(ints({k})).attr("largest", largest).outputs(2).run_all();
    return out.ok() ? elements<int64_t>((*out)[1].tensor()) : Ints{-1};
  };
  EXPECT_EQ(indices(6, 1), (Ints{1, 0, 4, 2, 3, 5}));
  EXPECT_EQ(indices(3, 0), (Ints{5, 2, 3}));
  EXPECT_EQ(indices(0, 1), Ints{});
  EXPECT_EQ(indices(7, 1), Ints{-1});
  EXPECT_EQ(indices(-1, 1), Ints{-1});
}

// numpy.unique(x, axis=0, …), but for NaN being equal to NaN, as numpy has it without an axis.
TEST(Unique, RowsWithNan) {
  const Tensor x = tensor<float>({6, 2}, {2, 1, kNan, 0, 2, 1, -0.0f, 0, 0, -0.0f, kNan, 0});
  const auto out = OpCase("Unique").input(x).attr("axis", 0).outputs(4).run_all();
  ASSERT_TRUE(out.ok()) << out.error().to_string();
  EXPECT_EQ(to_string((*out)[0].tensor().dims()), "[3, 2]");
  EXPECT_EQ(elements<int64_t>((*out)[1].tensor()), (Ints{3, 0, 1}));
  EXPECT_EQ(elements<int64_t>((*out)[2].tensor()), (Ints{1, 2, 1, 0, 0, 2}));
  EXPECT_EQ(elements<int64_t>((*out)[3].tensor()), (Ints{2, 2, 2}));
}

TEST(Unique, StringsByFirstOccurrence) {
  const auto out =
      OpCase("Unique").input(strings({5}, {"b", "a", "b", "", "a"})).attr("sorted", 0).outputs(4).run_all();
  EXPECT_EQ(elements<std::string>((*out)[0].tensor()), (std::vector<std::string>{"b", "a", ""}));
  EXPECT_EQ(elements<int64_t>((*out)[2].tensor()), (Ints{0, 1, 0, 2, 1}));
}

TEST(NonZero, ScalarsSignsAndStrings) {
  EXPECT_EQ(to_string(OpCase("NonZero").input(Tensor::scalar(2.0f)).run()->dims()), "[1, 1]");
  EXPECT_EQ(to_string(OpCase("NonZero").input(Tensor::scalar(-0.0f)).run()->dims()), "[1, 0]");
  EXPECT_EQ(elements<int64_t>(*OpCase("NonZero").input(tensor<double>({4}, {-0.0, 1e-320, kNan, 0})).run()),
            (Ints{1, 2}));
  EXPECT_EQ(elements<int64_t>(*OpCase("NonZero").input(strings({3}, {"", "0", ""})).run()), (Ints{1}));
}

TEST(NonMaxSuppression, NanAndDegenerateBoxes) {
  const Tensor boxes = tensor<float>({1, 3, 4}, {0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0});
  const Tensor scores = tensor<float>({1, 1, 3}, {0.5f, kNan, 0.9f});
  const auto out =
      OpCase("NonMaxSuppression").input(boxes).input(scores).input(ints({5})).input(tensor<float>({1}, {0.5f})).run();
  ASSERT_TRUE(out.ok()) << out.error().to_string();
  EXPECT_EQ(elements<int64_t>(*out), (Ints{0, 0, 2}));  // box 0 is box 2 with its corners swapped
  EXPECT_NE(OpCase("NonMaxSuppression").input(boxes).input(counting<float>({1, 1, 2})).error(), "");
}

}  // namespace
}  // namespace thane
