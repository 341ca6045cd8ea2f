// Ops on integers that stand for reals, x = (q - zero_point) · scale. Scales and zero points are attributes: such
// models have them as constants. Products, sums and differences of bytes round as XNNPACK does on x86, which LiteRT
// runs on by default; the rest as TensorFlow Lite's reference kernels do.
#pragma once

#include <vector>

#include "ir/context.h"
#include "ops/conv/conv.h"
#include "ops/fixed_point/multiplier.h"
#include "ops/fixed_point/sum_factors.h"
#include "ops/integer_product.h"
#include "ops/pool/pool.h"

namespace thane {

inline constexpr DTypeMask kFixedBytes = mask_of(DType::kInt8, DType::kUInt8);
inline constexpr DTypeMask kFixedInts = kFixedBytes | mask_of(DType::kInt16);

// How a sum is brought to the scale of the result.
enum class Rounding : uint8_t {
  kOnce,   // times a float, halves to even
  kTwice,  // as a FixedMultiplier
  kWide,   // as a FixedMultiplier, of a sum of more than 32 bits, as int16 data make them
};
inline constexpr std::string_view kRoundingNames[] = {"once", "twice", "wide"};

// From sums of products back to a quantized result: sum · (input_scale · weight_scale / output_scale) + zero point,
// clamped to [low, high].
struct Requantization {
  float input_scale = 1, output_scale = 1;
  std::vector<float> weight_scales;  // one, or one per output channel
  int64_t output_zero_point = 0;
  int64_t low = 0, high = 0;
  Rounding rounding = Rounding::kTwice;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("input_scale", self.input_scale);
    v("output_scale", self.output_scale);
    v("weight_scales", self.weight_scales);
    v("output_zero_point", self.output_zero_point);
    v("low", self.low);
    v("high", self.high);
    v.choice("rounding", self.rounding, kRoundingNames);
  }
  Status prepare();
  // Whether the scales fit that many channels.
  Status check(const Dim& channels) const;

  // For the epilogues of packed products; only where sums are rounded once.
  IntegerColumns columns(int64_t channels) const;

  int32_t apply(int64_t sum, size_t channel) const {
    return static_cast<int32_t>(
        std::clamp(scaled(sum, scales.size() == 1 ? 0 : channel) + output_zero_point, low, high));
  }
  // One, or one per output channel; made by prepare().
  std::vector<float> scales;
  std::vector<FixedMultiplier> multipliers;

 private:
  int64_t scaled(int64_t sum, size_t channel) const {
    switch (rounding) {
      case Rounding::kOnce: return nearest_product(static_cast<int32_t>(sum), scales[channel]);
      case Rounding::kTwice: return multipliers[channel].times(static_cast<int32_t>(sum));
      case Rounding::kWide: return multipliers[channel].times_wide(sum);
    }
    return 0;
  }
};

struct FixedConvAttrs : ConvAttrs {
  int64_t input_zero_point = 0, weight_zero_point = 0;
  Requantization requantization;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    ConvAttrs::fields(self, v);
    v("input_zero_point", self.input_zero_point);
    v("weight_zero_point", self.weight_zero_point);
    Requantization::fields(self.requantization, v);
  }
  Status prepare() { return requantization.prepare(); }
};

struct FixedMatMulAttrs : Attrs {
  int64_t a_zero_point = 0, b_zero_point = 0;
  bool trans_b = false;
  Requantization requantization;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("a_zero_point", self.a_zero_point);
    v("b_zero_point", self.b_zero_point);
    v("trans_b", self.trans_b);
    Requantization::fields(self.requantization, v);
  }
  Status prepare() { return requantization.prepare(); }
};

struct RequantizeAttrs : Attrs {
  int64_t input_zero_point = 0;
  DType to = DType::kInt8;
  Requantization requantization;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("input_zero_point", self.input_zero_point);
    v("to", self.to);
    Requantization::fields(self.requantization, v);
  }
  Status prepare();
};

enum class FixedKind : uint8_t { kAdd, kSub, kMul, kSquaredDifference, kPRelu };
inline constexpr std::string_view kFixedKindNames[] = {"add", "sub", "mul", "squared_difference", "prelu"};

struct FixedBinaryAttrs : Attrs {
  FixedKind kind = FixedKind::kAdd;
  float a_scale = 1, b_scale = 1, y_scale = 1;
  int64_t a_zero_point = 0, b_zero_point = 0, y_zero_point = 0;
  int64_t low = 0, high = 0;
  int64_t headroom = 20;  // bits that operands of sums are shifted up by before they are scaled
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.choice("kind", self.kind, kFixedKindNames);
    v("a_scale", self.a_scale);
    v("b_scale", self.b_scale);
    v("y_scale", self.y_scale);
    v("a_zero_point", self.a_zero_point);
    v("b_zero_point", self.b_zero_point);
    v("y_zero_point", self.y_zero_point);
    v("low", self.low);
    v("high", self.high);
    v("headroom", self.headroom);
  }
  Status prepare();
  // Made by prepare().
  FixedMultiplier a, b, y;
  // Of bytes; without them, bytes go as other integers do.
  std::optional<SumFactors> sum;
  std::optional<float> product;
};

struct FixedAveragePoolAttrs : AveragePoolAttrs {
  int64_t low = 0, high = 0;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    AveragePoolAttrs::fields(self, v);
    v("low", self.low);
    v("high", self.high);
  }
};

struct FixedSoftmaxAttrs : Attrs {
  float beta = 1;
  float input_scale = 1, output_scale = 1;
  int64_t output_zero_point = 0;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("beta", self.beta);
    v("input_scale", self.input_scale);
    v("output_scale", self.output_scale);
    v("output_zero_point", self.output_zero_point);
  }
};

struct FixedSumAttrs : Attrs {
  bool mean = false, keepdims = true;
  float input_scale = 1, output_scale = 1;
  int64_t input_zero_point = 0, output_zero_point = 0;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("mean", self.mean);
    v("keepdims", self.keepdims);
    v("input_scale", self.input_scale);
    v("output_scale", self.output_scale);
    v("input_zero_point", self.input_zero_point);
    v("output_zero_point", self.output_zero_point);
  }
};

struct FixedResizeAttrs : Attrs {
  bool align_corners = false, half_pixel = false;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("align_corners", self.align_corners);
    v("half_pixel", self.half_pixel);
  }
};

struct FixedL2NormalizationAttrs : Attrs {
  int64_t input_zero_point = 0;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("input_zero_point", self.input_zero_point);
  }
};

// y = table[x - lowest of x's dtype]: any function of one quantized operand.
Status infer_lookup(InferContext& context);
Status eval_lookup(KernelContext& context);

// Products. Biases are int32, or int64 where sums are wide.
Status infer_fixed_conv(InferContext& context);
Status eval_fixed_conv(KernelContext& context);
// A by B or its transpose; a bias per column. Batches broadcast.
Status infer_fixed_matmul(InferContext& context);
Status eval_fixed_matmul(KernelContext& context);
// Sums, whose last axis is that of channels, to quantized numbers.
Status infer_requantize(InferContext& context);
Status eval_requantize(KernelContext& context);

Status infer_fixed_binary(InferContext& context);
Status eval_fixed_binary(KernelContext& context);
Status infer_fixed_average_pool(InferContext& context);
Status eval_fixed_average_pool(KernelContext& context);
// Along the last axis.
Status eval_fixed_softmax(KernelContext& context);
Status infer_fixed_sum(InferContext& context);
Status eval_fixed_sum(KernelContext& context);
// Bilinear, on [batch, height, width, channels].
Status infer_fixed_resize(InferContext& context);
Status eval_fixed_resize(KernelContext& context);
// Along the last axis, to a scale of 1/128.
Status eval_fixed_l2_normalization(KernelContext& context);

}  // namespace thane
