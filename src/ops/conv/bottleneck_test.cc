#include <random>

#include "ops/conv/conv.h"
#include "ops/conv/kernels.h"
#include "ops/kernel_case.h"

namespace thane {
namespace {

using testing::noise;

struct Case {
  int64_t batch, height, width, channels, kernel, stride, pad;
  int64_t in = 0, out = 0;  // channels before the first and after the last convolution; 0: there is none
  int64_t first_kernel = 1, first_stride = 1, first_pad = 0;
};

// The kernel against the convolutions, run one after the other by their reference; and the same bits for any number of
// threads.
void check(const Case& c, bool more, std::mt19937& random) {
  auto attrs = std::make_shared<BottleneckAttrs>();
  attrs->layout = DataLayout::kChannelsLast;
  attrs->group = c.channels;
  attrs->strides = {c.stride, c.stride};
  attrs->pads = {c.pad, c.pad, c.pad, c.pad};
  attrs->expansion = {ActivationKind::kClip, 0, 6};
  attrs->activation = {ActivationKind::kSilu};
  attrs->projection = {ActivationKind::kRelu};
  attrs->expansion_strides = {c.first_stride, c.first_stride};
  attrs->expansion_pads = {c.first_pad, c.first_pad, c.first_pad, c.first_pad};
  const auto out_size = [&](int64_t in) {
    const int64_t between = (in + 2 * c.first_pad - c.first_kernel) / c.first_stride + 1;
    return (between + 2 * c.pad - c.kernel) / c.stride + 1;
  };
  const auto weights = [&](const Dims& dims, bool given) {
    return testing::KernelOperand{.tensor = noise(dims, random), .given = given, .constant = true};
  };
  const int64_t in = c.in ? c.in : c.channels, out = c.out ? c.out : c.channels;
  const testing::KernelCase all(
      "BottleneckConv", attrs,
      {{.tensor = noise({c.batch, c.height, c.width, in}, random)},
       weights({c.channels, in, c.first_kernel, c.first_kernel}, c.in > 0),
       weights({c.channels}, c.in > 0 && more),
       weights({c.channels, 1, c.kernel, c.kernel}, true),
       weights({c.channels}, more),
       weights({out, c.channels, 1, 1}, c.out > 0),
       weights({out}, c.out > 0 && more),
       {.tensor = noise({c.batch, out_size(c.height), out_size(c.width), out}, random), .given = c.out > 0 && more}});
  const auto expected = all.reference();
  ASSERT_TRUE(expected.ok()) << expected.error().to_string();
  for_each_isa([&](Isa isa) {
    std::vector<float> got;
    ASSERT_NO_FATAL_FAILURE(all.run(kBottleneck, isa, expected->dims(), got));
    for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected->data<float>()[i], 2e-4) << i;
  });
}

TEST(Bottleneck, IsItsConvolutions) {
  std::mt19937 random(4);
  const Case shapes[] = {
      {1, 9, 13, 19, 3, 1, 1}, {2, 12, 7, 32, 3, 2, 1}, {1, 10, 21, 9, 5, 2, 2},
      {3, 6, 6, 8, 5, 1, 0},   {1, 7, 8, 24, 2, 3, 0},  // rows that no window reads
      {2, 40, 5, 8, 3, 1, 1},                           // many rows are projected together
  };
  for (const bool more : {false, true}) {  // biases and a residual
    for (Case c : shapes) {
      for (const auto& [in, out] : {std::pair{5, 0}, {0, 12}, {5, 12}, {0, 40}, {0, 6}}) {
        c.in = in, c.out = out;
        check(c, more, random);
      }
    }
  }
}

TEST(Bottleneck, ExpandsASingleColumn) {
  std::mt19937 random(6);
  check({1, 5, 1, 8, 3, 1, 1, 2}, true, random);
}

TEST(Bottleneck, BeginsWithFewChannels) {
  std::mt19937 random(5);
  for (const bool more : {false, true}) {
    check({1, 21, 30, 16, 3, 1, 1, 3, 8, 3, 2, 1}, more, random);
    check({2, 9, 8, 12, 3, 2, 1, 1, 0, 5, 1, 2}, more, random);
    check({1, 16, 7, 24, 5, 1, 2, 4, 10, 2, 1, 0}, more, random);
  }
}

TEST(Bottleneck, ProjectsNoSingleColumn) {
  auto attrs = std::make_shared<BottleneckAttrs>();
  attrs->layout = DataLayout::kChannelsLast;
  attrs->group = 8;
  std::mt19937 random(4);
  const testing::KernelCase c("BottleneckConv", attrs,
                              {{.tensor = noise({1, 5, 1, 8}, random)},
                               {.given = false},
                               {.given = false},
                               {.tensor = noise({8, 1, 3, 1}, random), .constant = true},
                               {.given = false},
                               {.tensor = noise({8, 8, 1, 1}, random), .constant = true}});
  EXPECT_EQ(c.refusal<float>(kBottleneck, {1, 3, 1, 8}), "a single column");
}

TEST(Bottleneck, KeepsNoWindowOfMillionsOfPixels) {
  auto attrs = std::make_shared<BottleneckAttrs>();
  attrs->layout = DataLayout::kChannelsLast;
  attrs->group = 8;
  attrs->strides = {1, 1 << 20};
  attrs->pads = {0, 1 << 21, 0, 1 << 21};
  std::mt19937 random(4);
  const testing::KernelCase c("BottleneckConv", attrs,
                              {{.tensor = noise({1, 5, 4, 8}, random)},
                               {.given = false},
                               {.given = false},
                               {.tensor = noise({8, 1, 3, 3}, random), .constant = true}});
  EXPECT_EQ(c.refusal<float>(kBottleneck, {1, 3, 5, 8}), "a window of many pixels");
}

}  // namespace
}  // namespace thane
