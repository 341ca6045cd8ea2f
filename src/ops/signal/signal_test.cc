#include <limits>

#include "ops/op_test.h"

namespace thane {
namespace {

using testing::counting;
using testing::dims_fact;
using testing::elements;
using testing::OpCase;

Tensor f(const Dims& dims) { return counting<float>(dims); }
Tensor number(int64_t value) { return Tensor::scalar(value); }

TEST(Dft, RefusesWrongInputs) {
  const auto error = [](Tensor x, int64_t length, int64_t axis, int onesided = 0) {
    return OpCase("DFT").input(x).input(number(length)).input(number(axis)).attr("onesided", onesided).error();
  };
  EXPECT_EQ(error(f({2, 5, 2}), 4, -2), "");
  EXPECT_NE(error(f({2, 5, 2}), 4, 2), "");
  EXPECT_NE(error(f({2, 5, 2}), 4, -1), "");
  EXPECT_NE(error(f({2, 5, 2}), 4, 3), "");
  EXPECT_NE(error(f({2, 5, 3}), 4, 1), "");
  EXPECT_NE(error(f({2, 5, 2}), 4, 1, 1), "");  // one side of a complex signal
  for (int64_t length : {int64_t{0}, int64_t{-4}, std::numeric_limits<int64_t>::min(), int64_t{1} << 50,
                         std::numeric_limits<int64_t>::max()}) {
    EXPECT_NE(error(f({2, 5, 1}), length, 1), "") << length;
  }
  EXPECT_NE(OpCase("DFT").input(f({2, 0, 1})).error(), "");
  EXPECT_NE(OpCase("DFT").input(f({5})).error(), "");
}

TEST(Dft, UnknownAxisLeavesDimensionsOpen) {
  const auto out =
      OpCase("DFT").infer({dims_fact({2, 5, 1}), dims_fact({}, DType::kInt64), dims_fact({}, DType::kInt64)});
  ASSERT_TRUE(out.ok());
  EXPECT_EQ((*out)[0].type.to_string(), "float32[?, ?, 2]");
}

TEST(Stft, RefusesWrongInputs) {
  const auto error = [](int64_t step, Tensor window, int64_t length) {
    return OpCase("STFT").input(f({1, 20, 1})).input(number(step)).input(window).input(number(length)).error();
  };
  EXPECT_EQ(error(4, f({8}), 8), "");
  EXPECT_NE(error(0, f({8}), 8), "");
  EXPECT_NE(error(-1, f({8}), 8), "");
  EXPECT_NE(error(4, f({8}), 9), "");
  EXPECT_NE(error(4, f({2, 4}), 8), "");
  EXPECT_NE(error(4, f({21}), 21), "");
}

TEST(Windows, SizesAndTypes) {
  EXPECT_EQ(elements<int32_t>(*OpCase("HannWindow").input(number(4)).attr("output_datatype", 6).run()),
            (std::vector<int32_t>{0, 0, 1, 0}));
  EXPECT_EQ(elements<float>(*OpCase("HannWindow").input(number(1)).attr("periodic", 0).run()), std::vector<float>{1});
  EXPECT_EQ(OpCase("BlackmanWindow").input(number(0)).run()->size(), 0);
  EXPECT_NE(OpCase("HannWindow").input(number(-1)).error(), "");
  EXPECT_NE(OpCase("HannWindow").input(number(std::numeric_limits<int64_t>::max())).error(), "");
  EXPECT_NE(OpCase("HannWindow").input(number(4)).attr("output_datatype", 8).error(), "");
}

TEST(MelWeightMatrix, StaysInsideTheMatrix) {
  const auto run = [](int64_t bands, int64_t length, int64_t rate, float low, float high) {
    return OpCase("MelWeightMatrix")
        .input(number(bands))
        .input(number(length))
        .input(number(rate))
        .input(Tensor::scalar(low))
        .input(Tensor::scalar(high))
        .error();
  };
  EXPECT_EQ(run(8, 16, 8192, 0, 4096), "");
  EXPECT_EQ(run(8, 16, 1, 0, 1e30f), "");
  EXPECT_NE(run(8, 16, 0, 0, 4096), "");
  EXPECT_NE(run(8, 16, 8192, -800, 4096), "");
  EXPECT_NE(run(8, 16, 8192, 0, std::numeric_limits<float>::quiet_NaN()), "");
  EXPECT_NE(run(-1, 16, 8192, 0, 4096), "");
  EXPECT_NE(run(8, std::numeric_limits<int64_t>::max(), 8192, 0, 4096), "");
}

}  // namespace
}  // namespace thane
