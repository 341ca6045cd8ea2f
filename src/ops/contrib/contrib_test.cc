// Rounding, hostile attributes and shapes. Expected numbers by hand.
#include "ops/op_test.h"

namespace thane {
namespace {

using testing::counting;
using testing::elements;
using testing::OpCase;
using testing::own;
using testing::tensor;

// (1 - 0) / 2 + 1 = 1.5 goes to 2: the zero point counts when halves go to even. 3 / 2 + 1 = 2.5 goes to 2.
TEST(QLinear, HalvesGoToTheEvenResult) {
  const auto one = tensor<float>({}, {1}), two = tensor<float>({}, {2});
  const auto none = tensor<uint8_t>({}, {0}), zero = tensor<uint8_t>({}, {1});
  const auto y = own("QLinearAdd")
                     .input(tensor<uint8_t>({3}, {1, 3, 255}))
                     .input(one)
                     .input(none)
                     .input(tensor<uint8_t>({1}, {0}))
                     .input(one)
                     .input(none)
                     .input(two)
                     .input(zero)
                     .run();
  EXPECT_EQ(elements<uint8_t>(*y), (std::vector<uint8_t>{2, 2, 128}));
  const auto z = own("QLinearMul")
                     .input(tensor<int8_t>({2, 1}, {-3, 100}))
                     .input(one)
                     .absent()
                     .input(tensor<int8_t>({2}, {1, -100}))
                     .input(one)
                     .absent()
                     .input(two)
                     .run();
  EXPECT_EQ(elements<int8_t>(*z), (std::vector<int8_t>{-2, 127, 50, -128}));
  OpCase vector_scale = own("QLinearAdd");
  vector_scale.input(tensor<uint8_t>({2}, {1, 2})).input(tensor<float>({2}, {1, 1})).input(none);
  vector_scale.input(tensor<uint8_t>({2}, {1, 2})).input(one).input(none).input(one).input(none);
  EXPECT_NE(vector_scale.error(), "");
}

TEST(MoveAxis, AnyRank) {
  const auto move = [](int source, int destination) {
    return own("MoveAxis").input(counting<int64_t>({2, 3, 1})).attr("source", source).attr("destination", destination);
  };
  EXPECT_EQ(elements<int64_t>(*move(0, -1).run()), (std::vector<int64_t>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(move(-3, 1).run()->dims(), (Dims{3, 2, 1}));
  EXPECT_NE(move(3, 0).error(), "");
}

OpCase attention(const Tensor& query, int heads) {
  OpCase test = own("MultiHeadAttention");
  test.input(query).attr("num_heads", heads);
  return test;
}

// With equal keys every value counts the same; causally, only those so far.
TEST(MultiHeadAttention, AveragesOverWhatItSees) {
  const Tensor x = tensor<float>({1, 2, 1}, {0, 0}), values = tensor<float>({1, 2, 1}, {2, 4});
  EXPECT_EQ(elements<float>(*attention(x, 1).input(x).input(values).run()), (std::vector<float>{3, 3}));
  EXPECT_EQ(elements<float>(*attention(x, 1).input(x).input(values).attr("unidirectional", 1).run()),
            (std::vector<float>{2, 3}));
}

TEST(MultiHeadAttention, ShapesAreChecked) {
  const Tensor x = counting<float>({1, 2, 6});
  EXPECT_NE(attention(x, 0).error(), "");
  EXPECT_NE(attention(x, 4).input(x).input(x).error(), "");
  EXPECT_NE(attention(x, 2).input(counting<float>({1, 2, 4})).input(x).error(), "");
  EXPECT_NE(attention(x, 2).input(x).error(), "");
  EXPECT_NE(attention(counting<float>({2, 6}), 2).error(), "");
  EXPECT_NE(attention(x, 2).input(x).input(x).input(counting<float>({17})).error(), "");
  EXPECT_NE(attention(x, 2).input(x).input(x).absent().input(tensor<int32_t>({3}, {1, 1, 1})).error(), "");
  EXPECT_NE(attention(Tensor::must_allocate(DType::kFloat32, {int64_t{1} << 30, int64_t{1} << 30, 0}), 1).error(), "");
}

OpCase n_bits(int64_t n, int64_t k, int block) {
  OpCase test = own("MatMulNBits");
  test.input(tensor<float>({1, 16}, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}))
      .input(tensor<uint8_t>({1, 1, 8}, {0x09, 0, 0, 0, 0, 0, 0, 0xf0}))
      .input(tensor<float>({1, 1}, {2}))
      .attr("N", AttrValue(n))
      .attr("K", AttrValue(k))
      .attr("block_size", block);
  return test;
}

// (9 - 8) · 2 + (15 - 8) · 2
TEST(MatMulNBits, LowNibbleFirst) { EXPECT_EQ(elements<float>(*n_bits(1, 16, 16).run()), (std::vector<float>{16})); }

TEST(MatMulNBits, AttributesAreChecked) {
  EXPECT_NE(n_bits(2, 16, 16).error(), "");
  EXPECT_NE(n_bits(1, 17, 16).error(), "");
  EXPECT_NE(n_bits(1, 16, 8).error(), "");
  EXPECT_NE(n_bits(INT64_MAX, INT64_MAX, 16).error(), "");
  EXPECT_NE(n_bits(1, 16, 16).attr("bits", 3).error(), "");
  EXPECT_NE(
      n_bits(1, 16, 16).absent().input(tensor<int32_t>({16}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})).error(),
      "");
}

TEST(RotaryEmbedding, PositionsAreChecked) {
  const auto turn = [](int64_t position) {
    return own("RotaryEmbedding")
        .input(tensor<float>({1, 1, 2}, {1, 2}))
        .input(tensor<int64_t>({1}, {position}))
        .input(tensor<float>({2, 1}, {1, 0}))
        .input(tensor<float>({2, 1}, {0, 1}));
  };
  EXPECT_EQ(elements<float>(*turn(1).run()), (std::vector<float>{-2, 1}));
  EXPECT_NE(turn(2).error(), "");
  EXPECT_NE(turn(INT64_MAX).error(), "");
  EXPECT_NE(turn(-1).error(), "");
}

TEST(CropAndResize, IndicesAreChecked) {
  const auto crop = [](int32_t image, int32_t height) {
    return own("CropAndResize")
        .input(counting<float>({1, 1, 2, 2}))
        .input(tensor<float>({1, 4}, {0, 0, 1, 1}))
        .input(tensor<int32_t>({1}, {image}))
        .input(tensor<int32_t>({2}, {height, 1}));
  };
  EXPECT_EQ(elements<float>(*crop(0, 1).run()), (std::vector<float>{1.5f}));
  EXPECT_NE(crop(1, 1).error(), "");
  EXPECT_NE(crop(0, 0).error(), "");
}

TEST(Inverse, OfTwoByTwo) {
  const auto y = own("Inverse").input(tensor<double>({2, 2}, {0, 2, 4, 0})).run();
  EXPECT_EQ(elements<double>(*y), (std::vector<double>{0, 0.25, 0.5, 0}));
  EXPECT_NE(own("Inverse").input(counting<float>({2, 3})).error(), "");
}

}  // namespace
}  // namespace thane
