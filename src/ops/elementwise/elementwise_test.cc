// What the suites do not cover: edges, hostile values, shape arithmetic. Expected numbers: numpy, or by hand.
#include <cmath>
#include <limits>

#include "ops/op_test.h"

namespace thane {
namespace {

using testing::dims_fact;
using testing::elements;
using testing::OpCase;
using testing::shape_fact;
using testing::strings;
using testing::tensor;
using testing::value_fact;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr int64_t kMin64 = std::numeric_limits<int64_t>::min();
using Strings = std::vector<std::string>;

Result<Tensor> cast(const Tensor& input, DType to) {
  return OpCase("Cast").input(input).attr("to", static_cast<int>(to)).run();
}

TEST(IntegerDivision, ByZeroAndOverflow) {
  const Tensor one = tensor<int32_t>({1}, {1});
  EXPECT_NE(OpCase("Div").input(one).input(tensor<int32_t>({2}, {3, 0})).error().find("element 1 is 0"),
            std::string::npos);
  EXPECT_NE(OpCase("Mod").input(one).input(tensor<int32_t>({1}, {0})).error(), "");
  EXPECT_EQ(OpCase("Div").input(tensor<int32_t>({0}, {})).input(tensor<int32_t>({1}, {0})).error(), "");
  const Tensor lowest = tensor<int64_t>({2}, {kMin64, 7}), minus = tensor<int64_t>({}, {-1});
  EXPECT_EQ(elements<int64_t>(*OpCase("Div").input(lowest).input(minus).run()), (std::vector<int64_t>{kMin64, -7}));
  EXPECT_EQ(elements<int64_t>(*OpCase("Mod").input(lowest).input(minus).attr("fmod", 1).run()),
            (std::vector<int64_t>{0, 0}));
  EXPECT_EQ(elements<int64_t>(*OpCase("Abs").input(lowest).run()), (std::vector<int64_t>{kMin64, 7}));
}

TEST(Mod, SignOfTheDivisor) {
  const auto mod =
      OpCase("Mod").input(tensor<int8_t>({4}, {-7, 7, -7, 7})).input(tensor<int8_t>({4}, {3, -3, -3, 3})).run();
  EXPECT_EQ(elements<int8_t>(*mod), (std::vector<int8_t>{2, -2, -1, 1}));
}

TEST(Pow, IntegersAreExactAndWrap) {
  const auto pow = OpCase("Pow")
                       .input(tensor<int64_t>({5}, {2, -3, 7, 0, -1}))
                       .input(tensor<int64_t>({5}, {63, 3, 30, -1, -3}))
                       .run();
  EXPECT_EQ(elements<int64_t>(*pow), (std::vector<int64_t>{kMin64, -27, 1576789505350337489, 0, -1}));
}

TEST(MaxMin, NanWins) {
  const Tensor a = tensor<float>({3}, {1, kNan, 1}), b = tensor<float>({3}, {kNan, 1, 2});
  const auto high = elements<float>(*OpCase("Max").input(a).input(b).run());
  EXPECT_TRUE(std::isnan(high[0]) && std::isnan(high[1]));
  EXPECT_EQ(high[2], 2);
  EXPECT_TRUE(std::isnan(elements<float>(*OpCase("Min").input(a).input(b).run())[0]));
  EXPECT_TRUE(std::isnan(elements<float>(*OpCase("Relu").input(b).run())[0]));
}

TEST(BitShift, WholeWidth) {
  const Tensor x = tensor<uint8_t>({3}, {255, 255, 1}), by = tensor<uint8_t>({3}, {8, 200, 7});
  EXPECT_EQ(elements<uint8_t>(*OpCase("BitShift").input(x).input(by).attr("direction", "LEFT").run()),
            (std::vector<uint8_t>{0, 0, 128}));
  EXPECT_NE(OpCase("BitShift").input(x).input(by).error().find("LEFT or RIGHT"), std::string::npos);
}

TEST(Clip, Bounds) {
  const Tensor x = tensor<float>({4}, {-kInf, kNan, 5, kInf});
  const auto none = elements<float>(*OpCase("Clip").input(x).run());
  EXPECT_EQ(none[0], std::numeric_limits<float>::lowest());
  EXPECT_TRUE(std::isnan(none[1]));
  const auto crossed = OpCase("Clip").input(x).input(tensor<float>({}, {3})).input(tensor<float>({}, {-1})).run();
  EXPECT_EQ(elements<float>(*crossed)[2], -1);
  EXPECT_NE(OpCase("Clip").input(x).input(tensor<float>({2}, {1, 2})).error(), "");
}

TEST(Broadcast, ManyAxesAndNothing) {
  Tensor a = testing::counting<float>({2, 1, 3, 1}), b = testing::counting<float>({4, 1, 5});
  const auto sum = OpCase("Add").input(a).input(b).run();
  EXPECT_EQ(to_string(sum->dims()), "[2, 4, 3, 5]");
  for (int64_t i = 0; i < sum->size(); ++i) {
    const int64_t column = i % 5, row = i / 5 % 3, plane = i / 15 % 4, image = i / 60;
    EXPECT_EQ(sum->data<float>()[i], static_cast<float>(image * 3 + row + plane * 5 + column));
  }
  EXPECT_EQ(
      to_string(OpCase("Mul").input(tensor<float>({0, 1}, {})).input(tensor<float>({1, 2}, {1, 2})).run()->dims()),
      "[0, 2]");
  EXPECT_NE(OpCase("Add").input(tensor<float>({2}, {1, 2})).input(tensor<float>({3}, {1, 2, 3})).error(), "");
  EXPECT_NE(OpCase("PRelu").input(tensor<float>({2}, {1, 2})).input(tensor<float>({2, 1}, {1, 2})).error(), "");
}

TEST(Cast, OutOfRange) {
  const Tensor x = tensor<float>({5}, {3e9f, -3e9f, kNan, 300.7f, -1.5f});
  constexpr int32_t kLow = std::numeric_limits<int32_t>::min();
  EXPECT_EQ(elements<int32_t>(*cast(x, DType::kInt32)), (std::vector<int32_t>{kLow, kLow, kLow, 300, -1}));
  EXPECT_EQ(elements<int8_t>(*cast(x, DType::kInt8)), (std::vector<int8_t>{0, 0, 0, 44, -1}));
  EXPECT_EQ(elements<uint32_t>(*cast(tensor<double>({3}, {3e9, -1.5, 1e19}), DType::kUInt32)),
            (std::vector<uint32_t>{3000000000u, 4294967295u, 0}));
  EXPECT_EQ(elements<uint64_t>(*cast(tensor<double>({2}, {1.5e19, -1}), DType::kUInt64)),
            (std::vector<uint64_t>{15000000000000000000u, 18446744073709551615u}));
  EXPECT_EQ(elements<bool>(*cast(tensor<float>({3}, {kNan, -0.0f, 0.1f}), DType::kBool)),
            (std::vector<bool>{true, false, true}));
}

TEST(Cast, Strings) {
  EXPECT_EQ(elements<std::string>(
                *cast(tensor<float>({7}, {0.1f, 100000, 1e-7f, -2.5f, kNan, -kInf, 1e21f}), DType::kString)),
            (Strings{"0.1", "100000", "1e-07", "-2.5", "NaN", "-INF", "1e+21"}));
  EXPECT_EQ(elements<std::string>(*cast(tensor<int64_t>({1}, {kMin64}), DType::kString)),
            (Strings{"-9223372036854775808"}));
  EXPECT_EQ(elements<std::string>(*cast(tensor<bool>({2}, {true, false}), DType::kString)), (Strings{"1", "0"}));
  const auto floats =
      elements<float>(*cast(strings({6}, {"3.25", " -1e3 ", "+INF", "-inf", "+7", "1e400"}), DType::kFloat32));
  EXPECT_EQ(floats, (std::vector<float>{3.25f, -1000, kInf, -kInf, 7, kInf}));
  EXPECT_EQ(elements<int32_t>(*cast(strings({2}, {"100.5", "-3"}), DType::kInt32)), (std::vector<int32_t>{100, -3}));
  EXPECT_EQ(elements<uint64_t>(*cast(strings({1}, {"18446744073709551615"}), DType::kUInt64)),
            (std::vector<uint64_t>{18446744073709551615u}));
  for (const char* wrong : {"", "Hello World!", "1,5", "+-1", "0x10", "1 2"}) {
    EXPECT_NE(OpCase("Cast").input(strings({1}, {wrong})).attr("to", 1).error(), "") << wrong;
  }
}

TEST(Cast, BadTargets) {
  const Tensor x = tensor<float>({1}, {1});
  EXPECT_NE(OpCase("Cast").input(x).error(), "");
  EXPECT_NE(OpCase("Cast").input(x).attr("to", 0).error(), "");
  EXPECT_NE(OpCase("Cast").input(x).attr("to", 14).error(), "");  // complex64
  EXPECT_NE(OpCase("Cast").input(x).attr("to", 99).error(), "");
  EXPECT_NE(OpCase("BitCast").input(x).attr("to", 7).error().find("32 bits"), std::string::npos);
}

TEST(BitCast, SubByte) {
  Tensor x = Tensor::must_allocate(DType::kUInt4, {2});
  x.data<UInt4>()[0] = UInt4(15), x.data<UInt4>()[1] = UInt4(7);
  const auto y = OpCase("BitCast").input(x).attr("to", static_cast<int>(DType::kInt4)).run();
  EXPECT_EQ(y->as_int64(0), -1);
  EXPECT_EQ(y->as_int64(1), 7);
}

// Exporters compute shapes: what is known of them must come through.
TEST(Inference, ShapeArithmetic) {
  const Dim batch = Dim::symbol("batch");
  const Fact shape = shape_fact({batch, 12});
  const auto values = [&](const char* op, int64_t number) {
    const auto facts = OpCase(op).infer({shape, value_fact(testing::ints({number}))});
    return to_string(*(*facts)[0].dim_values);
  };
  EXPECT_EQ(values("Add", 3), "[batch + 3, 15]");
  EXPECT_EQ(values("Sub", 2), "[batch - 2, 10]");
  EXPECT_EQ(values("Mul", 2), "[2*batch, 24]");
  EXPECT_EQ(values("Div", 1), "[batch, 12]");
  const auto cast = OpCase("Cast").attr("to", 6).infer({shape});
  EXPECT_EQ(to_string(*(*cast)[0].dim_values), "[batch, 12]");
  const auto chosen =
      OpCase("Where").infer({value_fact(tensor<bool>({2}, {false, true})), value_fact(testing::ints({1, 1})), shape});
  EXPECT_EQ(to_string(*(*chosen)[0].dim_values), "[batch, 1]");
}

TEST(Inference, UnknownRanks) {
  const Fact unknown{Type::tensor(DType::kFloat32), std::nullopt, std::nullopt};
  for (const char* op : {"Add", "Mod", "Pow", "Max", "Less", "PRelu"}) {
    const auto facts = OpCase(op).infer({unknown, dims_fact({2, 3})});
    ASSERT_TRUE(facts.ok()) << op;
    EXPECT_FALSE((*facts)[0].type.dims) << op;
  }
}

}  // namespace
}  // namespace thane
