#include <random>

#include "ops/conv/conv.h"
#include "ops/conv/kernels.h"
#include "ops/kernel_case.h"

namespace thane {
namespace {

using testing::noise;

struct Case {
  int64_t batch, height, width, in, channels, kernel, stride, pad;
  bool biases;
};

// The kernel against the two convolutions, run one after the other by their reference; and the same bits for any
// number of threads.
void check(const Case& c, std::mt19937& random) {
  auto attrs = std::make_shared<ExpandedDepthwiseAttrs>();
  attrs->layout = DataLayout::kChannelsLast;
  attrs->group = c.channels;
  attrs->strides = {c.stride, c.stride};
  attrs->pads = {c.pad, c.pad, c.pad, c.pad};
  attrs->expansion = {ActivationKind::kClip, 0, 6};
  attrs->activation = {ActivationKind::kSilu};
  const testing::KernelCase both("ExpandedDepthwiseConv", attrs,
                                 {{.tensor = noise({c.batch, c.height, c.width, c.in}, random)},
                                  {.tensor = noise({c.channels, c.in, 1, 1}, random), .constant = true},
                                  {.tensor = noise({c.channels}, random), .given = c.biases, .constant = true},
                                  {.tensor = noise({c.channels, 1, c.kernel, c.kernel}, random), .constant = true},
                                  {.tensor = noise({c.channels}, random), .given = c.biases, .constant = true}});
  const auto expected = both.reference();
  ASSERT_TRUE(expected.ok()) << expected.error().to_string();
  for_each_isa([&](Isa isa) {
    std::vector<float> got;
    ASSERT_NO_FATAL_FAILURE(both.run(kExpandedDepthwise, isa, expected->dims(), got));
    for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected->data<float>()[i], 2e-4) << i;
  });
}

TEST(ExpandedDepthwise, IsBothConvolutions) {
  std::mt19937 random(4);
  for (const bool biases : {false, true}) {
    check({1, 9, 13, 5, 19, 3, 1, 1, biases}, random);
    check({2, 12, 7, 8, 32, 3, 2, 1, biases}, random);
    check({1, 10, 21, 3, 9, 5, 2, 2, biases}, random);
    check({3, 6, 6, 4, 8, 5, 1, 0, biases}, random);
    check({1, 7, 8, 2, 24, 2, 3, 0, biases}, random);  // rows that no window reads
    check({1, 5, 1, 2, 8, 3, 1, 1, biases}, random);
  }
}

}  // namespace
}  // namespace thane
