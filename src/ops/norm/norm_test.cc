#include "ops/op_test.h"

namespace thane {
namespace {

using testing::counting;
using testing::elements;
using testing::OpCase;
using testing::tensor;

// The same numbers as [1, channels, 2, 2] and as [1, 2, 2, channels].
Tensor channels_first(int64_t channels) {
  Tensor out = Tensor::must_allocate(DType::kFloat64, {1, channels, 2, 2});
  for (int64_t i = 0; i < out.size(); ++i) out.data<double>()[i] = static_cast<double>(i * i % 17) - 3;
  return out;
}
Tensor channels_last(const Tensor& first) {
  const int64_t channels = first.dim(1);
  Tensor out = Tensor::must_allocate(first.dtype(), {1, 2, 2, channels});
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t s = 0; s < 4; ++s) out.data<double>()[s * channels + c] = first.data<double>()[c * 4 + s];
  }
  return out;
}

// The conformance suites know channels first only: channels last must give the same, transposed.
TEST(ChannelNormalizations, LayoutsAgree) {
  const Tensor x = channels_first(4);
  for (const char* name :
       {"BatchNormalization", "BatchNormalization training", "InstanceNormalization", "GroupNormalization"}) {
    const std::string text = name;
    const std::string op = text.substr(0, text.find(' '));
    const auto run = [&](const Tensor& input, const char* layout) {
      OpCase one(op);
      one.input(input).input(tensor<double>({4}, {1, 2, -1, 0.5})).input(tensor<double>({4}, {0, 1, 2, 3}));
      if (op == "BatchNormalization") {
        one.input(tensor<double>({4}, {1, 0, 2, 1})).input(tensor<double>({4}, {4, 1, 9, 1}));
        if (text != op) one.attr("training_mode", 1).outputs(3);
      }
      if (op == "GroupNormalization") one.attr("num_groups", 2);
      return *one.attr("layout", layout).run_all();
    };
    const auto first = run(x, "channels_first"), last = run(channels_last(x), "channels_last");
    const Tensor expected = channels_last(first[0].tensor());
    for (int64_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(last[0].tensor().data<double>()[i], expected.data<double>()[i], 1e-12) << name;
    }
    for (size_t i = 1; i < first.size(); ++i) {
      for (int64_t c = 0; c < 4; ++c) EXPECT_NEAR(last[i].tensor().as_double(c), first[i].tensor().as_double(c), 1e-12);
    }
  }
}

TEST(GroupNormalization, ParametersPerGroup) {
  const auto run = [](Tensor scale, Tensor bias) {
    return elements<double>(
        *OpCase("GroupNormalization").input(channels_first(4)).input(scale).input(bias).attr("num_groups", 2).run());
  };
  EXPECT_EQ(run(tensor<double>({2}, {2, 3}), tensor<double>({2}, {5, 7})),
            run(tensor<double>({4}, {2, 2, 3, 3}), tensor<double>({4}, {5, 5, 7, 7})));
}

TEST(Normalizations, RefuseWrongInputs) {
  const auto vector = [](int64_t n) { return counting<float>({n}); };
  const Tensor x = counting<float>({2, 4, 3});
  EXPECT_NE(
      OpCase("BatchNormalization").input(x).input(vector(3)).input(vector(4)).input(vector(4)).input(vector(4)).error(),
      "");
  EXPECT_NE(OpCase("BatchNormalization")
                .input(x)
                .input(vector(4))
                .input(vector(4))
                .input(vector(4))
                .input(vector(4))
                .outputs(3)
                .error(),
            "");
  EXPECT_NE(OpCase("InstanceNormalization").input(x).input(vector(4)).input(vector(2)).error(), "");
  for (int groups : {0, -2, 3}) {
    EXPECT_NE(
        OpCase("GroupNormalization").input(x).input(vector(4)).input(vector(4)).attr("num_groups", groups).error(), "");
  }
  EXPECT_NE(OpCase("LayerNormalization").input(x).input(vector(4)).error(), "");
  EXPECT_NE(OpCase("LayerNormalization").input(x).input(vector(3)).attr("axis", 3).error(), "");
  EXPECT_NE(OpCase("LayerNormalization").input(x).input(vector(3)).attr("stash_type", 7).error(), "");
  EXPECT_NE(OpCase("RMSNormalization").input(x).input(counting<float>({1, 1, 1, 3})).error(), "");
  EXPECT_NE(OpCase("LpNormalization").input(x).attr("p", 3).error(), "");
  EXPECT_NE(OpCase("MeanVarianceNormalization").input(x).error(), "");  // the default axes need rank 4
}

// Nothing to do, however long the other axes are.
TEST(Normalizations, EmptyTensors) {
  constexpr int64_t kLong = int64_t{1} << 40;
  const Tensor x = Tensor::must_allocate(DType::kFloat32, {kLong, 0});
  EXPECT_EQ(OpCase("LayerNormalization").input(x).input(Tensor::scalar(1.0f)).error(), "");
  EXPECT_EQ(OpCase("LpNormalization").input(x).error(), "");
  EXPECT_EQ(OpCase("MeanVarianceNormalization").input(x).attr("axes", AttrValue(Dims{1})).error(), "");
  EXPECT_EQ(OpCase("BatchNormalization")
                .input(x)
                .input(counting<float>({0}))
                .input(counting<float>({0}))
                .input(counting<float>({0}))
                .input(counting<float>({0}))
                .error(),
            "");
}

TEST(LpNormalization, ZeroStaysZero) {
  EXPECT_EQ(elements<float>(*OpCase("LpNormalization").input(tensor<float>({2, 2}, {0, 0, 3, 4})).run()),
            (std::vector<float>{0, 0, 0.6f, 0.8f}));
}

}  // namespace
}  // namespace thane
