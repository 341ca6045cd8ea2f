// The fast kernels of ConvInteger against plain loops in 64 bits, at every instruction set of this machine, with the
// same bits for any number of threads.
#include <random>

#include "ops/conv/conv.h"
#include "ops/kernel_case.h"
#include "ops/quantize/kernels.h"

namespace thane {
namespace {

struct Case {
  int64_t batch, height, width, in, out, pad;
  DType x, w;
  friend std::ostream& operator<<(std::ostream& os, const Case& c) {
    return os << c.batch << "x" << c.height << "x" << c.width << "x" << c.in << " to " << c.out << ", pad " << c.pad;
  }
};

Tensor random_bytes(DType dtype, const Dims& dims, std::mt19937& random) {
  Tensor out = Tensor::must_allocate(dtype, dims);
  auto* bytes = static_cast<uint8_t*>(out.raw());
  for (int64_t i = 0; i < out.size(); ++i) bytes[i] = static_cast<uint8_t>(random());
  return out;
}

int64_t sum_at(const testing::KernelCase& conv, const Case& c, int64_t n, int64_t oy, int64_t ox, int64_t oc) {
  const Tensor &x = conv.tensor(0), &w = conv.tensor(1);
  int64_t sum = 0;
  for (int64_t ky = 0; ky < 3; ++ky) {
    for (int64_t kx = 0; kx < 3; ++kx) {
      const int64_t iy = oy + ky - c.pad, ix = ox + kx - c.pad;
      if (iy < 0 || iy >= c.height || ix < 0 || ix >= c.width) continue;
      for (int64_t ic = 0; ic < c.in; ++ic) {
        const int64_t pixel = x.as_int64(((n * c.height + iy) * c.width + ix) * c.in + ic);
        const int64_t weight = w.as_int64(((oc * c.in + ic) * 3 + ky) * 3 + kx);
        sum += (pixel - conv.tensor(2).as_int64(0)) * (weight - conv.tensor(3).as_int64(0));
      }
    }
  }
  return sum;
}

void check(const Kernel& kernel, const Case& c, std::mt19937& random) {
  SCOPED_TRACE(::testing::Message() << kernel.name << " " << c);
  const Dims dims{c.batch, c.height + 2 * c.pad - 2, c.width + 2 * c.pad - 2, c.out};
  auto attrs = std::make_shared<ConvAttrs>();
  attrs->layout = DataLayout::kChannelsLast;
  attrs->pads = {c.pad, c.pad, c.pad, c.pad};
  const testing::KernelCase conv("ConvInteger", attrs,
                                 {{.tensor = random_bytes(c.x, {c.batch, c.height, c.width, c.in}, random)},
                                  {.tensor = random_bytes(c.w, {c.out, c.in, 3, 3}, random), .constant = true},
                                  {.tensor = random_bytes(c.x, {}, random)},
                                  {.tensor = random_bytes(c.w, {}, random), .constant = true}},
                                 Domain::kOnnx);
  for_each_isa([&](Isa isa) {
    if (isa >= Isa::kAvx512Vnni && &kernel == &kWinogradConvInteger) return;  // left to the direct products there
    std::vector<int32_t> got;
    ASSERT_NO_FATAL_FAILURE(conv.run(kernel, isa, dims, got));
    size_t i = 0;
    for (int64_t n = 0; n < dims[0]; ++n) {
      for (int64_t y = 0; y < dims[1]; ++y) {
        for (int64_t x = 0; x < dims[2]; ++x) {
          for (int64_t oc = 0; oc < c.out; ++oc, ++i) ASSERT_EQ(got[i], sum_at(conv, c, n, y, x, oc)) << i;
        }
      }
    }
  });
}

constexpr DType kInt8 = DType::kInt8, kUInt8 = DType::kUInt8;
// Of one image and of several, of whole tiles and of parts, with channels that fill no vector.
constexpr Case kCases[] = {{1, 12, 12, 16, 16, 1, kUInt8, kInt8}, {9, 4, 4, 16, 24, 1, kInt8, kInt8},
                           {5, 7, 7, 17, 19, 1, kUInt8, kUInt8},  {3, 8, 8, 16, 32, 1, kInt8, kUInt8},
                           {2, 9, 15, 20, 33, 0, kUInt8, kInt8},  {1, 40, 5, 18, 16, 1, kInt8, kInt8},
                           {11, 5, 6, 24, 16, 0, kUInt8, kInt8},  {1, 13, 29, 16, 40, 1, kInt8, kInt8}};

TEST(IntegerConv, WinogradIsExact) {
  std::mt19937 random(8);
  for (const Case& c : kCases) check(kWinogradConvInteger, c, random);
}

TEST(IntegerConv, DirectIsExact) {
  std::mt19937 random(9);
  for (const Case& c : kCases) check(kPackedConvInteger, c, random);
}

TEST(IntegerConv, WinogradLeavesSumsBeyondItsLimit) {
  // 9 · 512 weights of 127 met by differences of 255 leave 25 bits.
  auto attrs = std::make_shared<ConvAttrs>();
  attrs->layout = DataLayout::kChannelsLast;
  Tensor weights = Tensor::must_allocate(kInt8, {16, 512, 3, 3});
  std::fill_n(weights.data<int8_t>(), weights.size(), int8_t{127});
  const Tensor x = Tensor::must_allocate(kUInt8, {1, 14, 14, 512});
  const testing::KernelCase conv("ConvInteger", attrs, {{.tensor = x}, {.tensor = weights, .constant = true}},
                                 Domain::kOnnx);
  EXPECT_EQ(conv.refusal<int32_t>(kWinogradConvInteger, {1, 12, 12, 16}), "sums may be too large");
  EXPECT_EQ(conv.refusal<int32_t>(kPackedConvInteger, {1, 12, 12, 16}), "");
}

}  // namespace
}  // namespace thane
