// What the suites do not cover: hostile parameters, special values. Expected numbers by hand.
#include <limits>

#include "ops/op_test.h"
#include "ops/quantize/requantize.h"

namespace thane {
namespace {

using testing::counting;
using testing::elements;
using testing::OpCase;
using testing::tensor;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

TEST(QuantizeLinear, SpecialValuesSaturate) {
  const auto y = OpCase("QuantizeLinear")
                     .input(tensor<float>({6}, {kInf, -kInf, kNan, 1e30f, 2.5f, 3.5f}))
                     .input(tensor<float>({}, {1}))
                     .input(tensor<int8_t>({}, {-3}))
                     .run();
  EXPECT_EQ(elements<int8_t>(*y), (std::vector<int8_t>{127, -128, -128, 127, -1, 1}));
  const auto zero_scale =
      OpCase("QuantizeLinear").input(tensor<float>({2}, {1, 0})).input(tensor<float>({}, {0})).run();
  EXPECT_EQ(elements<uint8_t>(*zero_scale), (std::vector<uint8_t>{255, 0}));
}

TEST(QuantizeLinear, LastBlockMayBeShort) {
  const auto y = OpCase("DequantizeLinear")
                     .input(tensor<int8_t>({1, 5}, {1, 1, 1, 1, 1}))
                     .input(tensor<float>({1, 3}, {1, 2, 3}))
                     .attr("block_size", 2)
                     .run();
  EXPECT_EQ(elements<float>(*y), (std::vector<float>{1, 1, 2, 2, 3}));
}

TEST(QuantizeLinear, WrongParameters) {
  const Tensor x = counting<float>({2, 3}), scale = tensor<float>({2}, {1, 1});
  const auto quantize = [&](const Tensor& s) {
    OpCase op("QuantizeLinear");
    op.input(x).input(s);
    return op;
  };
  EXPECT_NE(quantize(scale).error().find("[3]"), std::string::npos);
  EXPECT_EQ(quantize(scale).attr("axis", 0).error(), "");
  EXPECT_NE(quantize(scale).attr("axis", 5).error(), "");
  EXPECT_NE(quantize(scale).attr("axis", 0).attr("block_size", -1).error(), "");
  EXPECT_NE(quantize(tensor<float>({2, 2}, {1, 1, 1, 1})).attr("block_size", 1).error(), "");
  EXPECT_NE(quantize(tensor<float>({}, {1})).attr("output_dtype", 1).error(), "");
  EXPECT_NE(quantize(tensor<float>({}, {1})).input(tensor<uint8_t>({}, {0})).attr("output_dtype", 3).error(), "");
  EXPECT_NE(quantize(tensor<float>({}, {1})).input(tensor<uint8_t>({2}, {0, 0})).error(), "");
}

TEST(Requantize, RoundsHalvesToEven) {
  constexpr QuantizedRange kWide{-32768, 32767};
  EXPECT_EQ(quantized(0.5f, 0, kWide), 0);
  EXPECT_EQ(quantized(1.5f, 0, kWide), 2);
  EXPECT_EQ(quantized(-2.5f, 0, kWide), -2);
  EXPECT_EQ(quantized(65534.5, -32768, kWide), 32766);
}

TEST(IntegerProducts, SumsWrapAround) {
  // 2^17 products of (-128)·127 leave 32 bits.
  constexpr int64_t kDepth = int64_t{1} << 18;
  Tensor a = Tensor::must_allocate(DType::kInt8, {1, kDepth}), b = Tensor::must_allocate(DType::kInt8, {kDepth, 1});
  std::fill_n(a.data<int8_t>(), kDepth, int8_t{-128});
  std::fill_n(b.data<int8_t>(), kDepth, int8_t{127});
  EXPECT_EQ(OpCase("MatMulInteger").input(a).input(b).run()->as_int64(0), 33554432);  // -2^18·16256 + 2^32
}

TEST(IntegerProducts, WrongParameters) {
  const Tensor a = Tensor::must_allocate(DType::kUInt8, {2, 3}), b = Tensor::must_allocate(DType::kUInt8, {3, 4});
  EXPECT_NE(OpCase("MatMulInteger").input(a).input(b).input(tensor<uint8_t>({3}, {0, 0, 0})).error(), "");
  EXPECT_NE(OpCase("MatMulInteger").input(a).input(b).absent().input(tensor<uint8_t>({3}, {0, 0, 0})).error(), "");
  const Tensor x = Tensor::must_allocate(DType::kUInt8, {1, 2, 3, 3}),
               w = Tensor::must_allocate(DType::kUInt8, {2, 2, 1, 1});
  EXPECT_NE(OpCase("ConvInteger").input(x).input(w).absent().input(tensor<uint8_t>({3}, {0, 0, 0})).error(), "");
}

}  // namespace
}  // namespace thane
