// What the suites do not cover. Expected numbers: numpy.
#include <cmath>
#include <limits>

#include "ops/op_test.h"

namespace thane {
namespace {

using testing::counting;
using testing::elements;
using testing::ints;
using testing::OpCase;
using testing::shape_fact;
using testing::tensor;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

TEST(Reduce, EmptySetsKeepTheirDtype) {
  const auto of_nothing = [](const char* op, DType dtype) {
    return OpCase(op).input(Tensor::must_allocate(dtype, {0, 1})).attr("keepdims", 0).run();
  };
  EXPECT_EQ(of_nothing("ReduceMax", DType::kInt8)->as_int64(0), -128);
  EXPECT_EQ(of_nothing("ReduceMin", DType::kUInt64)->data<uint64_t>()[0], std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(of_nothing("ReduceMax", DType::kFloat16)->as_double(0), -kInf);
  EXPECT_EQ(of_nothing("ReduceMin", DType::kBool)->as_int64(0), 1);
  EXPECT_EQ(of_nothing("ReduceProd", DType::kInt32)->as_int64(0), 1);
  EXPECT_EQ(of_nothing("ReduceMean", DType::kInt32)->as_int64(0), 0);
  EXPECT_TRUE(std::isnan(of_nothing("ReduceMean", DType::kFloat32)->as_double(0)));
}

TEST(Reduce, ScalarsAndWrapping) {
  EXPECT_EQ(OpCase("ReduceSumSquare").input(tensor<float>({}, {3})).run()->as_double(0), 9);
  EXPECT_EQ(OpCase("ReduceSum").input(tensor<int8_t>({2}, {120, 100})).run()->as_int64(0), -36);
  EXPECT_EQ(OpCase("ReduceProd").input(ints({int64_t{1} << 62, 6})).run()->as_int64(0),
            std::numeric_limits<int64_t>::min());
  EXPECT_EQ(OpCase("ReduceMax")
                .input(tensor<uint64_t>({2}, {1, std::numeric_limits<uint64_t>::max()}))
                .run()
                ->data<uint64_t>()[0],
            std::numeric_limits<uint64_t>::max());
}

TEST(Reduce, ExtremesAndInfinities) {
  EXPECT_TRUE(std::isnan(OpCase("ReduceMax").input(tensor<float>({3}, {kNan, 1, 2})).run()->as_double(0)));
  EXPECT_EQ(OpCase("ReduceLogSumExp").input(tensor<float>({2}, {-kInf, -kInf})).run()->as_double(0), -kInf);
  EXPECT_EQ(OpCase("ReduceLogSumExp").input(tensor<float>({3}, {kInf, 1, kInf})).run()->as_double(0), kInf);
  EXPECT_FLOAT_EQ(OpCase("ReduceLogSumExp").input(tensor<float>({2}, {1000, 1000})).run()->as_double(0), 1000.6931472f);
}

TEST(Reduce, BadAxes) {
  const Tensor x = counting<float>({2, 3});
  EXPECT_NE(OpCase("ReduceSum").input(x).input(ints({2})).error(), "");
  EXPECT_NE(OpCase("ReduceSum").input(x).input(ints({0, -2})).error(), "");
  EXPECT_NE(OpCase("ArgMax").input(x).attr("axis", 2).error(), "");
  EXPECT_NE(OpCase("ArgMax").input(tensor<float>({2, 0}, {})).attr("axis", 1).error(), "");
  EXPECT_EQ(OpCase("ArgMax").input(tensor<float>({0, 2}, {})).attr("axis", 1).error(), "");
  EXPECT_NE(OpCase("Softmax").input(tensor<float>({}, {1})).error(), "");
  EXPECT_NE(OpCase("CumSum").input(x).input(ints({7})).error(), "");
}

TEST(Arg, NanIsTheExtreme) {
  const Tensor x = tensor<float>({2, 3}, {1, 2, kNan, 3, 1, 2});
  EXPECT_EQ(elements<int64_t>(*OpCase("ArgMax").input(x).attr("axis", 1).run()), (std::vector<int64_t>{2, 0}));
  EXPECT_EQ(elements<int64_t>(*OpCase("ArgMin").input(x).attr("axis", 1).run()), (std::vector<int64_t>{2, 1}));
}

// Exporters count elements this way.
TEST(Inference, ProductOfAShape) {
  const auto facts = OpCase("ReduceProd").attr("keepdims", 0).infer({shape_fact({Dim::symbol("batch"), 3, 4})});
  ASSERT_TRUE(facts.ok());
  EXPECT_EQ(to_string(*(*facts)[0].dim_values), "[12*batch]");
}

}  // namespace
}  // namespace thane
