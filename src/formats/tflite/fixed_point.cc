#include "formats/tflite/fixed_point.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/fixed_point/interpolation.h"
#include "ops/fixed_point/multiplier.h"
#include "ops/quantize/requantize.h"

namespace thane::tflite {
namespace {

constexpr DTypeMask kIntegers = mask_of(DType::kInt8, DType::kUInt8, DType::kInt16);

bool per_tensor(const TensorInfo& info) {
  return is_quantized(info) && !info.quantization.per_axis() && (mask_of(info.dtype) & kIntegers);
}

double scale_of(const TensorInfo& info) { return static_cast<double>(info.quantization.scale()); }
int32_t zero_of(const TensorInfo& info) { return static_cast<int32_t>(info.quantization.zero_point()); }

// A table of results of `dtype` over all integers of `operand`, applied to x.
Edge apply_table(Op& op, const Edge& x, DType operand, DType dtype, const std::function<int32_t(int32_t)>& map) {
  const QuantizedRange range = quantized_range(operand);
  Tensor table = Tensor::must_allocate(dtype, {range.high - range.low + 1});
  dispatch<int8_t, uint8_t, int16_t, int32_t>(dtype, [&]<class T>() {
    for (int32_t q = range.low; q <= range.high; ++q) {
      const int64_t low = std::numeric_limits<T>::min(), high = std::numeric_limits<T>::max();
      table.data<T>()[q - range.low] = static_cast<T>(std::clamp<int64_t>(map(q), low, high));
    }
  });
  return op.own("Lookup", {x, op.constant(std::move(table))});
}

// The integer nearest to a real, halves away from zero.
int32_t to_integer(double real, const TensorInfo& info) {
  const double scaled = std::round(real / scale_of(info));
  if (!(scaled > -1e9)) return std::numeric_limits<int32_t>::min() / 2;  // and NaN
  return static_cast<int32_t>(std::min(scaled, 1e9)) + zero_of(info);
}

// XNNPACK's factors of bytes have 8 bits below the point; it takes those within limits.
bool takes_coarse(const TensorInfo& x, float factor) {
  return dtype_bits(x.dtype) == 8 && factor >= 0x1p-8f && factor < 0x1p7f;
}
int32_t coarse_product(int32_t value, float factor) {
  return static_cast<int32_t>((int64_t{value} * std::lrint(256 * factor) + 128) >> 8);
}

}  // namespace

bool has_fixed_point(const Op& op) {
  return op.has(0) && op.wants(0) && per_tensor(op.tensor(0)) && per_tensor(op.result());
}

IntegerRange activation_range(Op& op, const TensorInfo& result, int activation) {
  constexpr std::string_view kWide = "a quantized result of more than 16 bits";
  if (!op.check(mask_of(result.dtype) & (kIntegers | kSubByte), kWide)) return {};
  const QuantizedRange all = quantized_range(result.dtype);
  IntegerRange range{all.low, all.high};
  const auto limit = [&](double low, double high) {
    range.low = std::max(range.low, to_integer(low, result));
    range.high = std::min(range.high, to_integer(high, result));
  };
  constexpr double kEver = 1e30;
  switch (activation) {
    case 0: break;
    case 1: limit(0, kEver); break;
    case 2: limit(-1, 1); break;
    case 3: limit(0, 6); break;
    case kReluZeroToOne: limit(0, 1); break;
    default: op.unsupported_form("an activation of integers that is no clamp"); break;
  }
  range.low = std::min(range.low, range.high);
  return range;
}

// --- tables

void lower_integer_table(Op& op, const std::function<int32_t(int32_t)>& map) {
  op.set_raw(0, apply_table(op, op.raw(0), op.tensor(0).dtype, op.result().dtype, map));
}

void lower_table(Op& op, const std::function<double(double)>& f, bool interpolated) {
  const TensorInfo &x = op.tensor(0), &y = op.result();
  if (interpolated && x.dtype == DType::kInt16) {
    const double low = scale_of(y) * (-32768 - zero_of(y)), high = scale_of(y) * (32767 - zero_of(y));
    const auto finite = [&](double v) {
      const double r = f(v);
      return std::isfinite(r) ? r : r > 0 ? high : low;
    };
    const InterpolatedTable table(scale_of(x), zero_of(x), scale_of(y), zero_of(y), finite);
    return lower_integer_table(op, [&](int32_t q) { return int32_t{table(static_cast<int16_t>(q))}; });
  }
  const int32_t zero = zero_of(x);
  const auto scale = x.quantization.scale();
  lower_integer_table(op, [&](int32_t q) {
    const float real = scale * static_cast<float>(q - zero);
    return to_integer(f(static_cast<double>(real)), y);
  });
}

namespace {

// 65536 · sigmoid at 256 points from 0 to 10.7, where int16's logistic and tanh interpolate.
int64_t sigmoid_point(uint32_t i) { return std::llround(65536.0 / (1.0 + std::exp(-static_cast<double>(i) / 24.0))); }

// How int16 operands are scaled to the points: by 3 · 2^12 per unit, as a factor and a shift to the right.
struct PointScale {
  int64_t factor = 0, shift = 0;

  PointScale(double scale, int most_left_shift) {
    const double log = std::log2(scale), rounded = std::round(log);
    const auto left = static_cast<int>(12 + rounded);
    if (std::fabs(log - rounded) < 1e-3 && left >= 0 && left <= most_left_shift) {
      factor = int64_t{3} << left;
      return;
    }
    double multiplier = scale * 4096.0 * 3.0;
    while (multiplier <= 32767.0 / 2.0 && shift <= 30) {
      ++shift;
      multiplier *= 2;
    }
    factor = static_cast<int64_t>(multiplier);
  }
  int64_t operator()(int32_t q) const {
    const int64_t round = shift > 0 ? int64_t{1} << (shift - 1) : 0;
    return (q * factor + round) >> shift;
  }
};

}  // namespace

void lower_logistic_int16(Op& op) {
  const PointScale scaled(scale_of(op.tensor(0)), 0);
  lower_integer_table(op, [&](int32_t q) {
    const int64_t x = scaled(q), magnitude = std::abs(x), index = magnitude >> 9;
    int64_t result = int64_t{0x7fff} << 10;
    if (index < 255) {
      const int64_t low = sigmoid_point(static_cast<uint32_t>(index)),
                    high = sigmoid_point(static_cast<uint32_t>(index) + 1);
      result = (low << 9) + (magnitude & 0x1ff) * (high - low);
    }
    result = x >= 0 ? result + (1 << 9) : (int64_t{1} << 25) - result + (1 << 9) - 1;
    return static_cast<int32_t>(result >> 10);
  });
}

void lower_tanh_int16(Op& op) {
  const PointScale scaled(scale_of(op.tensor(0)), 1);
  lower_integer_table(op, [&](int32_t q) {
    const int64_t x = scaled(q), magnitude = std::abs(x), index = magnitude >> 8;
    int64_t result = int64_t{0xffff} << 8;
    if (index < 255) {
      const int64_t low = sigmoid_point(static_cast<uint32_t>(index)),
                    high = sigmoid_point(static_cast<uint32_t>(index) + 1);
      result = (low << 8) + (magnitude & 0xff) * (high - low);
    }
    result = x >= 0 ? result - (1 << 23) + (1 << 7) : -result + (1 << 23) + (1 << 7) - 1;
    return static_cast<int32_t>(result >> 8);
  });
}

void lower_fixed_relu(Op& op, int activation) {
  const TensorInfo &x = op.tensor(0), &y = op.result();
  const auto factor = FixedMultiplier::of(static_cast<double>(x.quantization.scale() / y.quantization.scale()));
  const IntegerRange range = activation_range(op, y, activation);
  lower_integer_table(
      op, [&](int32_t q) { return std::clamp(factor.times(q - zero_of(x)) + zero_of(y), range.low, range.high); });
}

void lower_fixed_leaky_relu(Op& op, float alpha) {
  const TensorInfo &x = op.tensor(0), &y = op.result();
  const float ratio = x.quantization.scale() / y.quantization.scale();
  if (takes_coarse(x, ratio) && takes_coarse(x, std::fabs(ratio * alpha))) {
    return lower_integer_table(op, [&](int32_t q) {
      const int32_t value = q - zero_of(x);
      return coarse_product(value, value >= 0 ? ratio : ratio * alpha) + zero_of(y);
    });
  }
  const auto identity = FixedMultiplier::of(static_cast<double>(ratio));
  const auto slope =
      FixedMultiplier::of(std::fabs(static_cast<double>(x.quantization.scale() * alpha / y.quantization.scale())));
  lower_integer_table(op, [&](int32_t q) {
    const int32_t value = q - zero_of(x);
    if (value >= 0) return identity.times(value) + zero_of(y);
    return (alpha < 0 ? -slope.times(value) : slope.times(value)) + zero_of(y);
  });
}

namespace {

int16_t saturating_shift_left(int16_t x, int amount) {
  return static_cast<int16_t>(std::clamp<int64_t>(int64_t{x} << std::min(amount, 31), -32768, 32767));
}
// Truncated, unlike doubling_high_multiply_16.
int16_t truncated_high_multiply(int16_t a, int16_t b) {
  if (a == b && a == -32768) return 32767;
  return static_cast<int16_t>(int32_t{a} * b / (1 << 15));
}
// The upper half of a fraction, rounded.
int16_t upper_half(int32_t fraction) {
  if (fraction >= std::numeric_limits<int32_t>::max() - (1 << 15)) return 32767;
  return static_cast<int16_t>((fraction + (1 << 15)) >> 16);
}

}  // namespace

void lower_fixed_hard_swish(Op& op) {
  const TensorInfo &x = op.tensor(0), &y = op.result();
  if (x.dtype == DType::kInt16) {
    return lower_table(op, [](double v) { return v * std::clamp(v + 3, 0.0, 6.0) / 6; });
  }
  const float fine = x.quantization.scale() / 128.0f;
  const auto to_output = FixedMultiplier::of(static_cast<double>(fine / y.quantization.scale()));
  const auto to_gate = FixedMultiplier::of(static_cast<double>(fine / (3.0f / 32768.0f)));
  lower_integer_table(op, [&](int32_t q) {
    const auto value = static_cast<int16_t>((q - zero_of(x)) * 128);
    const int16_t scaled = doubling_high_multiply_16(value, upper_half(to_output.fraction));
    int16_t gate = value;
    if (to_gate.shift > 0) gate = saturating_shift_left(gate, to_gate.shift - 1);
    gate = doubling_high_multiply_16(gate, upper_half(to_gate.fraction));
    if (to_gate.shift > 0) gate = saturating_shift_left(gate, 1);
    if (to_gate.shift < 0) gate = static_cast<int16_t>(rounding_shift_right(gate, std::min(-to_gate.shift, 31)));
    gate = static_cast<int16_t>((gate + (1 << 15)) >> 1);  // from [-1, 1] to [0, 1]
    const int16_t product = truncated_high_multiply(gate, scaled);
    return rounding_shift_right(product, std::clamp(-to_output.shift, 0, 31)) + zero_of(y);
  });
}

Edge rescaled(Op& op, const Edge& x, const TensorInfo& from, const TensorInfo& to) {
  const Quantization &p = from.quantization, &q = to.quantization;
  if (!p.present() || !q.present() || !(mask_of(from.dtype) & kInts) || !(mask_of(to.dtype) & kInts)) return x;
  if (from.dtype == to.dtype && p.scales == q.scales && p.zero_points == q.zero_points) return x;
  if (p.per_axis() || q.per_axis()) return op.quantized(op.dequantized(x, from), to);
  if (mask_of(from.dtype) & kIntegers) {
    const auto factor = FixedMultiplier::of(scale_of(from) / scale_of(to));
    return apply_table(op, x, from.dtype, to.dtype,
                       [&](int32_t value) { return factor.times(value - zero_of(from)) + zero_of(to); });
  }
  const bool wide = to.dtype == DType::kInt32 || to.dtype == DType::kInt64;
  const QuantizedRange range = wide ? QuantizedRange{INT32_MIN, INT32_MAX} : quantized_range(to.dtype);
  return op.own("Requantize", {x},
                {{"input_zero_point", p.zero_point()},
                 {"input_scale", p.scale()},
                 {"output_scale", q.scale()},
                 {"output_zero_point", q.zero_point()},
                 {"low", int64_t{range.low}},
                 {"high", int64_t{range.high}},
                 {"to", static_cast<int64_t>(to.dtype)}});
}

Edge requantized(Op& op, const Edge& x, const TensorInfo& from, const TensorInfo& to) {
  const float factor = from.quantization.scale() / to.quantization.scale();
  if (from.dtype != to.dtype || !per_tensor(from) || !per_tensor(to) || !takes_coarse(from, factor)) {
    return rescaled(op, x, from, to);
  }
  return apply_table(op, x, from.dtype, to.dtype,
                     [&](int32_t value) { return coarse_product(value - zero_of(from), factor) + zero_of(to); });
}

Edge comparable(Op& op, const Edge& x, const TensorInfo& info) {
  if (!per_tensor(info)) return op.dequantized(x, info);
  const auto factor = FixedMultiplier::of(scale_of(info));
  return apply_table(op, x, info.dtype, DType::kInt32,
                     [&](int32_t value) { return factor.times((value - zero_of(info)) * 256); });
}

// --- ops

void lower_fixed_binary(Op& op, FixedBinary kind, int activation) {
  const TensorInfo &a = op.tensor(0), &y = op.result();
  const bool fits = op.has(1) && per_tensor(op.tensor(1)) && a.dtype == y.dtype &&
                    (a.dtype == op.tensor(1).dtype || kind == FixedBinary::kPRelu);
  if (!fits || kind == FixedBinary::kDiv) {
    static constexpr std::string_view kNames[] = {"Add", "Sub", "Mul", "Div", "", "PRelu"};
    const Edge p = op.in(0), q = op.in(1);
    if (kind == FixedBinary::kSquaredDifference) {
      const Edge difference = op("Sub", {p, q});
      return op.done(op("Mul", {difference, difference}));
    }
    return op.done(op.activated(op(kNames[static_cast<size_t>(kind)], {p, q}), activation));
  }
  static constexpr std::string_view kKinds[] = {"add", "sub", "mul", "", "squared_difference", "prelu"};
  const TensorInfo& b = op.tensor(1);
  const IntegerRange range = activation_range(op, y, activation);
  AttrMap attrs;
  attrs["kind"] = std::string(kKinds[static_cast<size_t>(kind)]);
  attrs["a_scale"] = a.quantization.scale();
  attrs["b_scale"] = b.quantization.scale();
  attrs["y_scale"] = y.quantization.scale();
  attrs["a_zero_point"] = a.quantization.zero_point();
  attrs["b_zero_point"] = b.quantization.zero_point();
  attrs["y_zero_point"] = y.quantization.zero_point();
  attrs["low"] = int64_t{range.low};
  attrs["high"] = int64_t{range.high};
  attrs["headroom"] = int64_t{kind == FixedBinary::kSquaredDifference ? 7 : a.dtype == DType::kInt16 ? 15 : 20};
  op.set_raw(0, op.own("FixedBinary", {op.raw(0), op.raw(1)}, std::move(attrs)));
}

void lower_fixed_average_pool(Op& op, AttrMap attrs, int activation) {
  const IntegerRange range = activation_range(op, op.result(), activation);
  attrs["low"] = int64_t{range.low};
  attrs["high"] = int64_t{range.high};
  const Edge pooled = op.own("FixedAveragePool", {op.raw(0)}, std::move(attrs));
  op.set_raw(0, rescaled(op, pooled, op.tensor(0), op.result()));
}

void lower_fixed_l2_normalization(Op& op) {
  const TensorInfo& x = op.tensor(0);
  if (x.dtype == DType::kInt16) return op.unsupported_form("int16");
  op.set_raw(0, op.own("FixedL2Normalization", {op.raw(0)}, {{"input_zero_point", x.quantization.zero_point()}}));
}

void lower_fixed_resize(Op& op, bool align_corners, bool half_pixel) {
  op.set_raw(0, op.own("FixedResize", {op.raw(0), op.raw(1)},
                       {{"align_corners", int64_t{align_corners}}, {"half_pixel", int64_t{half_pixel}}}));
}

void lower_fixed_sum(Op& op, const Edge& axes, bool keep_dims, bool mean) {
  const Quantization &x = op.tensor(0).quantization, &y = op.result().quantization;
  op.set_raw(0, op.own("FixedSum", {op.raw(0), axes},
                       {{"mean", int64_t{mean}},
                        {"keepdims", int64_t{keep_dims}},
                        {"input_scale", x.scale()},
                        {"output_scale", y.scale()},
                        {"input_zero_point", x.zero_point()},
                        {"output_zero_point", y.zero_point()}}));
}

void lower_fixed_softmax(Op& op, float beta) {
  const Quantization &x = op.tensor(0).quantization, &y = op.result().quantization;
  if (op.tensor(0).dtype != op.result().dtype) {
    Edge real = op.in(0);
    if (beta != 1.0f) real = op("Mul", {real, op.scalar_like(static_cast<double>(beta), real)});
    return op.done(op("Softmax", {real}));
  }
  op.set_raw(0, op.own("FixedSoftmax", {op.raw(0)},
                       {{"beta", beta},
                        {"input_scale", x.scale()},
                        {"output_scale", y.scale()},
                        {"output_zero_point", y.zero_point()}}));
}

}  // namespace thane::tflite
