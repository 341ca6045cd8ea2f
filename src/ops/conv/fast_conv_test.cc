// The channels-last kernels of FusedConv against plain loops in double precision, at every instruction set of this
// machine, with the same bits for any number of threads.
#include <cmath>
#include <random>

#include "ops/conv/conv.h"
#include "ops/conv/kernels.h"
#include "ops/kernel_case.h"

namespace thane {
namespace {

using testing::noise;

struct Case {
  int64_t batch, height, width, in, out, pad;
  bool bias, residual;
  friend std::ostream& operator<<(std::ostream& os, const Case& c) {
    return os << c.batch << "x" << c.height << "x" << c.width << "x" << c.in << " to " << c.out << ", pad " << c.pad;
  }
};

// A result, and the sum of the absolute values of its terms, which rounding errors are in proportion to.
struct Exact {
  double value = 0, terms = 0;
  void add(double term) { value += term, terms += std::abs(term); }
};

Exact conv_at(const Case& c, const Tensor& x, const Tensor& w, int64_t n, int64_t oy, int64_t ox, int64_t oc) {
  Exact sum;
  for (int64_t ky = 0; ky < 3; ++ky) {
    for (int64_t kx = 0; kx < 3; ++kx) {
      const int64_t iy = oy + ky - c.pad, ix = ox + kx - c.pad;
      if (iy < 0 || iy >= c.height || ix < 0 || ix >= c.width) continue;
      const float* pixel = x.data<float>() + ((n * c.height + iy) * c.width + ix) * c.in;
      for (int64_t ic = 0; ic < c.in; ++ic) {
        sum.add(double{pixel[ic]} * double{w.data<float>()[((oc * c.in + ic) * 3 + ky) * 3 + kx]});
      }
    }
  }
  return sum;
}

// `error`: the most that a result may be off, in units of the sum of its terms' absolute values.
void check(const Kernel& kernel, const Case& c, double error, std::mt19937& random,
           Precision precision = Precision::kFp32) {
  SCOPED_TRACE(::testing::Message() << kernel.name << " " << c);
  const Dims dims{c.batch, c.height + 2 * c.pad - 2, c.width + 2 * c.pad - 2, c.out};
  auto attrs = std::make_shared<FusedConvAttrs>();
  attrs->layout = DataLayout::kChannelsLast;
  attrs->pads = {c.pad, c.pad, c.pad, c.pad};
  attrs->activation = {ActivationKind::kClip, -1, 2};
  const testing::KernelCase conv("FusedConv", attrs,
                                 {{.tensor = noise({c.batch, c.height, c.width, c.in}, random)},
                                  {.tensor = noise({c.out, c.in, 3, 3}, random), .constant = true},
                                  {.tensor = noise({c.out}, random), .given = c.bias, .constant = true},
                                  {.tensor = noise(dims, random), .given = c.residual}});
  for_each_isa([&](Isa isa) {
    std::vector<float> got;
    ASSERT_NO_FATAL_FAILURE(conv.run(kernel, isa, dims, got, precision));
    size_t i = 0;
    for (int64_t n = 0; n < dims[0]; ++n) {
      for (int64_t y = 0; y < dims[1]; ++y) {
        for (int64_t x = 0; x < dims[2]; ++x) {
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

TEST(FastConv, WinogradIsWithinItsBound) {
  std::mt19937 random(8);
  for (const Case& c : kCases) check(kWinogradFusedConv, c, 4e-6, random);
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
  for (const Case& c : kCases) check(kIndirectFusedConv, c, 1e-6, random);
}

// bfloat16 has 8 bits: rounding takes up to 2⁻⁹ of a weight, and of what it is multiplied by.
TEST(FastConv, IndirectInBf16IsWithinItsBound) {
  std::mt19937 random(10);
  for (const Case& c : kCases) check(kIndirectFusedConv, c, 2 * 0x1p-9 + 2e-5, random, Precision::kBf16);
}

}  // namespace
}  // namespace thane
