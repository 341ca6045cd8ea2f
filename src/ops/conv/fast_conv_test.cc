// The channels-last kernels of FusedConv against plain loops in double precision, at every instruction set of this
// machine, with the same bits for any number of threads.
#include <cmath>
#include <random>

#include "ops/conv/conv.h"
#include "ops/conv/kernels.h"
#include "ops/conv/winograd_tiles.h"
#include "ops/kernel_case.h"

namespace thane {
namespace {

using testing::noise;

struct Case {
  int64_t batch, height, width, in, out, pad;
  bool bias, residual;
  int64_t rows = 3;  // of the kernel, which has 3 columns; 1: a convolution along one axis, of an image one pixel high
  int64_t dilation = 1;
  friend std::ostream& operator<<(std::ostream& os, const Case& c) {
    return os << c.batch << "x" << c.height << "x" << c.width << "x" << c.in << " to " << c.out << ", pad " << c.pad
              << ", " << c.rows << " rows, dilation " << c.dilation;
  }
};

// A result, and the sum of the absolute values of its terms, which rounding errors are in proportion to.
struct Exact {
  double value = 0, terms = 0;
  void add(double term) { value += term, terms += std::abs(term); }
};

Exact conv_at(const Case& c, const Tensor& x, const Tensor& w, int64_t n, int64_t oy, int64_t ox, int64_t oc) {
  Exact sum;
  for (int64_t ky = 0; ky < c.rows; ++ky) {
    for (int64_t kx = 0; kx < 3; ++kx) {
      const int64_t iy = c.rows == 1 ? 0 : oy + ky * c.dilation - c.pad, ix = ox + kx * c.dilation - c.pad;
      if (iy < 0 || iy >= c.height || ix < 0 || ix >= c.width) continue;
      const float* pixel = x.data<float>() + ((n * c.height + iy) * c.width + ix) * c.in;
      for (int64_t ic = 0; ic < c.in; ++ic) {
        sum.add(double{pixel[ic]} * double{w.data<float>()[((oc * c.in + ic) * c.rows + ky) * 3 + kx]});
      }
    }
  }
  return sum;
}

// `error`: the most that a result may be off, in units of the sum of its terms' absolute values.
void check(const Kernel& kernel, const Case& c, double error, std::mt19937& random,
           Precision precision = Precision::kFp32) {
  SCOPED_TRACE(::testing::Message() << kernel.name << " " << c);
  const int64_t beyond = 2 * c.pad - 2 * c.dilation, height = c.rows == 1 ? 1 : c.height + beyond;
  Dims in{c.batch, c.height, c.width, c.in}, weights{c.out, c.in, c.rows, 3},
      out{c.batch, height, c.width + beyond, c.out};
  auto attrs = std::make_shared<FusedConvAttrs>();
  attrs->layout = DataLayout::kChannelsLast;
  attrs->pads = {c.pad, c.pad, c.pad, c.pad};
  attrs->dilations = {c.dilation, c.dilation};
  if (c.rows == 1) {
    for (Dims* dims : {&in, &out}) dims->erase(dims->begin() + 1);
    weights.erase(weights.begin() + 2);
    attrs->pads.resize(2), attrs->dilations.resize(1);
  }
  attrs->activation = {ActivationKind::kClip, -1, 2};
  const testing::KernelCase conv("FusedConv", attrs,
                                 {{.tensor = noise(in, random)},
                                  {.tensor = noise(weights, random), .constant = true},
                                  {.tensor = noise({c.out}, random), .given = c.bias, .constant = true},
                                  {.tensor = noise(out, random), .given = c.residual}});
  for_each_isa([&](Isa isa) {
    std::vector<float> got;
    ASSERT_NO_FATAL_FAILURE(conv.run(kernel, isa, out, got, precision));
    size_t i = 0;
    for (int64_t n = 0; n < c.batch; ++n) {
      for (int64_t y = 0; y < height; ++y) {
        for (int64_t x = 0; x < c.width + beyond; ++x) {
          for (int64_t oc = 0; oc < c.out; ++oc, ++i) {
            Exact want = conv_at(c, conv.tensor(0), conv.tensor(1), n, y, x, oc);
            if (c.bias) want.add(double{conv.tensor(2).data<float>()[oc]});
            if (c.residual) want.add(double{conv.tensor(3).data<float>()[i]});
            ASSERT_NEAR(got[i], std::clamp(want.value, -1.0, 2.0), error * want.terms) << i;
          }
        }
      }
    }
  });
}

// Of one image and of several, of whole tiles and of parts, with channels that fill no vector.
constexpr Case kCases[] = {{1, 12, 12, 16, 16, 1, true, true}, {9, 4, 4, 16, 24, 1, true, false},
                           {5, 7, 7, 17, 19, 1, false, true},  {3, 8, 8, 16, 32, 1, true, false},
                           {2, 9, 15, 20, 33, 0, true, true},  {1, 40, 5, 18, 16, 1, false, false},
                           {11, 5, 6, 24, 16, 0, true, true},  {1, 13, 29, 16, 40, 1, true, false}};

// Dilated ones, whose last tiles are partly or wholly empty.
constexpr Case kDilated[] = {{1, 23, 25, 16, 24, 2, true, true, 3, 2},
                             {2, 18, 31, 33, 17, 3, false, true, 3, 3},
                             {1, 20, 35, 16, 16, 0, true, false, 3, 4},
                             {2, 17, 10, 20, 16, 3, true, true, 3, 3}};

// Along one axis.
constexpr Case kLines[] = {{1, 1, 40, 16, 16, 1, true, true, 1},
                           {3, 1, 19, 33, 29, 0, false, true, 1},
                           {1, 1, 75, 16, 50, 2, true, false, 1, 2},
                           {2, 1, 125, 24, 16, 8, true, true, 1, 8},
                           {1, 1, 130, 64, 64, 32, false, true, 1, 16}};

TEST(FastConv, WinogradIsWithinItsBound) {
  std::mt19937 random(8);
  for (const auto& cases :
       {std::span<const Case>(kCases), std::span<const Case>(kDilated), std::span<const Case>(kLines)}) {
    for (const Case& c : cases) check(kWinogradFusedConv, c, 4e-6, random);
  }
}

// F(2, 3) only adds, subtracts and halves: it is about as exact as direct sums.
TEST(FastConv, WinogradOfSmallImagesIsWithinItsBound) {
  constexpr Case kSmall[] = {{1, 7, 7, 72, 104, 1, true, true},
                             {1, 5, 6, 16, 33, 1, false, true},
                             {2, 6, 5, 131, 57, 1, true, false},
                             {1, 7, 7, 600, 65, 1, true, true},
                             {1, 11, 13, 16, 16, 2, true, true, 3, 2}};
  std::mt19937 random(11);
  for (const Case& c : kSmall) check(kWinogradFusedConv, c, 1e-6, random);
}

TEST(FastConv, TilesAreThoseThatMakeFewProducts) {
  const auto form = [](int64_t batch, Dims out, int64_t kernel_y = 3) -> std::optional<WinogradForm> {
    ConvShape shape{.batch = batch, .in_channels = 32, .out_channels = 32, .layout = DataLayout::kChannelsLast};
    for (const int64_t size : out)
      shape.axes.push_back({.in = size, .kernel = 3, .pad_begin = 1, .pad_end = 1, .out = size});
    shape.axes[0].kernel = out.size() == 1 ? 3 : kernel_y;
    WinogradTiles::Choice choice = WinogradTiles::choose(shape);
    return choice.refusal.empty() ? std::optional(choice.form) : std::nullopt;
  };
  EXPECT_EQ(form(1, {14, 14}), kWinograd4x4);
  EXPECT_EQ(form(1, {7, 7}), kWinograd2x2);
  EXPECT_EQ(form(8, {7, 7}), kWinograd4x4);
  EXPECT_EQ(form(1, {64}), kWinograd1x4);
  EXPECT_EQ(form(1, {9, 64}, 1), kWinograd1x4);
  EXPECT_EQ(form(1, {4, 4}), std::nullopt);
  EXPECT_EQ(form(1, {16}), std::nullopt);
  EXPECT_EQ(form(1, {64, 64}, 5), std::nullopt);
}

// Weights of a megabyte and more, which runs transform along one axis; also in several pieces.
TEST(FastConv, WinogradOfLargeWeightsIsWithinItsBound) {
  constexpr Case kFew[] = {{1, 13, 13, 72, 104, 1, true, true},
                           {1, 11, 15, 131, 57, 0, false, false},
                           {9, 4, 4, 80, 96, 1, true, false},
                           {1, 14, 14, 700, 33, 1, true, true}};
  std::mt19937 random(8);
  for (const Case& c : kFew) check(kWinogradFusedConv, c, 4e-6, random);
}

TEST(FastConv, IndirectIsWithinItsBound) {
  std::mt19937 random(9);
  for (const auto& cases :
       {std::span<const Case>(kCases), std::span<const Case>(kDilated), std::span<const Case>(kLines)}) {
    for (const Case& c : cases) check(kIndirectFusedConv, c, 1e-6, random);
  }
}

// bfloat16 has 8 bits: rounding takes up to 2⁻⁹ of a weight, and of what it is multiplied by.
TEST(FastConv, IndirectInBf16IsWithinItsBound) {
  std::mt19937 random(10);
  for (const Case& c : kCases) check(kIndirectFusedConv, c, 2 * 0x1p-9 + 2e-5, random, Precision::kBf16);
}

}  // namespace
}  // namespace thane
