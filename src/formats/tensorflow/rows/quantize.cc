// Fake quantization, and integers with float ranges beside them.
#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace quantize_ops {
namespace {

// Rounds to `levels` steps between low and high, after moving the range so that 0 is one of the steps.
void fake(Call& call, Edge low, Edge high, double quant_low, double quant_high) {
  const Edge x = call.in(0);
  const Edge bottom = call.like(quant_low, x), top = call.like(quant_high, x);
  const Edge scale = call.div(call.sub(high, low), call.sub(top, bottom));
  const Edge zero_from_low = call.sub(bottom, call.div(low, scale));
  // Rounds halves up, as the original does.
  const Edge rounded = call.emit("Floor", {call.add(zero_from_low, call.like(0.5, x))});
  const Edge zero = call.emit("Min", {call.emit("Max", {rounded, bottom}), top});
  const Edge nudged_low = call.mul(call.sub(bottom, zero), scale), nudged_high = call.mul(call.sub(top, zero), scale);
  const Edge clamped = call.emit("Min", {call.emit("Max", {x, nudged_low}), nudged_high});
  const Edge steps = call.emit("Floor", {call.add(call.div(call.sub(clamped, nudged_low), scale), call.like(0.5, x))});
  Edge y = call.add(call.mul(steps, scale), nudged_low);
  // An empty range gives zeros.
  const Edge empty = call.emit("Equal", {low, high});
  call.out(call.emit("Where", {empty, call.like(0, x), y}));
}
double lowest(const Call& call) { return call.b("narrow_range") ? 1 : 0; }
double highest(const Call& call) {
  return std::exp2(static_cast<double>(std::clamp<int64_t>(call.i("num_bits", 8), 1, 16))) - 1;
}

void fake_args(Call& call) {
  const Edge x = call.in(0);
  fake(call, call.like(call.f("min", -6), x), call.like(call.f("max", 6), x), lowest(call), highest(call));
}
void fake_vars(Call& call) { fake(call, call.in(1), call.in(2), lowest(call), highest(call)); }

void quantize_and_dequantize(Call& call) {
  const Edge x = call.in(0);
  const bool is_signed = call.b("signed_input", true), narrow = call.b("narrow_range");
  int64_t bits = call.i("num_bits", 8);
  if (call.node.op == "QuantizeAndDequantizeV3") bits = call.need_int(3);
  Edge low, high;
  const int64_t axis = call.i("axis", -1);
  if (call.b("range_given", call.node.op != "QuantizeAndDequantizeV3")) {
    low = call.in(1);
    high = call.in(2);
  } else {
    Dims axes;
    for (int64_t i = 0; i < call.rank(x); ++i) {
      if (i != axis) axes.push_back(i);
    }
    low = call.reduce("ReduceMin", x, axes, false);
    high = call.reduce("ReduceMax", x, axes, false);
  }
  if (call.failed()) return;
  bits = std::clamp<int64_t>(bits, 1, 32);
  const double most =
      is_signed ? std::exp2(static_cast<double>(bits - 1)) - 1 : std::exp2(static_cast<double>(bits)) - 1;
  const double least = !is_signed ? 0 : narrow ? -most : -most - 1;
  const Edge zero = call.like(0, x);
  const Edge one = call.like(1, x);
  // The scale that keeps both ends within what the integers reach.
  const auto positive = [&](const Edge& edge) { return call.emit("Greater", {edge, zero}); };
  const Edge from_low = call.emit(
      "Where", {positive(call.mul(call.like(least, x), low)), call.div(call.like(least, x), low), call.like(3e38, x)});
  const Edge from_high = call.emit(
      "Where", {positive(call.mul(call.like(most, x), high)), call.div(call.like(most, x), high), call.like(3e38, x)});
  Edge scale = call.emit("Min", {from_low, from_high});
  Edge bottom =
      call.emit("Where", {call.emit("Less", {from_low, from_high}), low, call.div(call.like(least, x), scale)});
  Edge top = call.emit("Where", {call.emit("Less", {from_low, from_high}), call.div(call.like(most, x), scale), high});
  if (axis >= 0) {
    Dims axes;
    for (int64_t i = axis + 1; i < call.rank(x); ++i) axes.push_back(i - axis);
    scale = call.unsqueeze(scale, axes);
    bottom = call.unsqueeze(bottom, axes);
    top = call.unsqueeze(top, axes);
  }
  const Edge clamped = call.emit("Min", {call.emit("Max", {x, bottom}), top});
  const Edge scaled = call.mul(clamped, scale);
  const Edge rounded = call.s("round_mode", "HALF_TO_EVEN") == "HALF_UP"
                           ? call.emit("Floor", {call.add(scaled, call.like(0.5, x))})
                           : call.emit("Round", {scaled});
  call.out(call.mul(rounded, call.div(one, scale)));
}

struct Range {
  double least, most;
};
Range range_of(DType dtype) {
  switch (dtype) {
    case DType::kInt8: return {-128, 127};
    case DType::kUInt8: return {0, 255};
    case DType::kInt16: return {-32768, 32767};
    case DType::kUInt16: return {0, 65535};
    default: return {-2147483648.0, 2147483647.0};
  }
}

void dequantize(Call& call) {
  const Edge x = call.in(0), low = call.in(1), high = call.in(2);
  if (call.failed()) return;
  const auto [least, most] = range_of(x.dtype());
  const Edge wide = call.cast(x, DType::kFloat32);
  const std::string mode = call.s("mode", "MIN_COMBINED");
  if (call.i("axis", -1) != -1) return call.fail(unsupported("ranges along an axis"));
  Edge y;
  if (mode == "SCALED") {
    const double floor = call.b("narrow_range") && least < 0 ? least + 1 : least;
    const Edge from_low = call.div(low, call.like(floor == 0 ? 1 : floor, low)),
               from_high = call.div(high, call.like(most, high));
    y = call.mul(wide, least == 0 ? from_high : call.emit("Max", {from_low, from_high}));
  } else {
    const Edge scale = call.div(call.sub(high, low), call.like(most - least, low));
    const Edge shifted =
        mode == "MIN_COMBINED" && least < 0 ? call.add(wide, call.like((most - least + 1) / 2, wide)) : wide;
    y = mode == "MIN_FIRST" ? call.add(call.mul(call.sub(wide, call.like(least, wide)), scale), low)
                            : call.add(call.mul(shifted, scale), low);
  }
  call.out(call.cast(y, call.type("dtype", DType::kFloat32)));
}

void quantize_v2(Call& call) {
  const Edge x = call.in(0);
  Edge low = call.in(1), high = call.in(2);
  const DType type = call.type("T", DType::kUInt8);
  if (call.failed()) return;
  if (call.i("axis", -1) != -1) return call.fail(unsupported("ranges along an axis"));
  const auto [least, most] = range_of(type);
  const std::string mode = call.s("mode", "MIN_COMBINED");
  Edge y;
  if (mode == "SCALED") {
    const double floor = call.b("narrow_range") && least < 0 ? least + 1 : least;
    const Edge size =
        least == 0 ? high
                   : call.emit("Max", {call.div(low, call.like(floor, low)), call.div(high, call.like(most, high))});
    const Edge step = least == 0 ? call.div(high, call.like(most, high)) : size;
    const Edge scaled = call.div(x, step);
    const Edge rounded = call.s("round_mode") == "HALF_TO_EVEN"
                             ? call.emit("Round", {scaled})
                             : call.mul(call.emit("Sign", {scaled}),
                                        call.emit("Floor", {call.add(call.emit("Abs", {scaled}), call.like(0.5, x))}));
    y = call.emit("Clip", {rounded, call.like(floor, x), call.like(most, x)});
    low = call.mul(step, call.like(floor, low));
    high = call.mul(step, call.like(most, high));
  } else {
    // A range of some width that holds 0.
    low = call.emit("Min", {low, call.like(0, low)});
    const Edge widest =
        call.emit("Max", {call.like(1, low), call.emit("Max", {call.emit("Abs", {low}), call.emit("Abs", {high})})});
    const Edge epsilon = call.mul(call.like(call.f("ensure_minimum_range", 0.01), low), widest);
    high = call.emit("Max", {call.emit("Max", {high, call.add(low, epsilon)}), call.like(0, high)});
    const Edge factor = call.div(call.like(most - least, low), call.sub(high, low));
    Edge value = call.mul(call.sub(call.emit("Clip", {x, low, high}), low), factor);
    if (least < 0) value = call.sub(value, call.like((most - least + 1) / 2, value));
    y = call.emit("Floor", {call.add(value, call.like(0.5, value))});
    y = call.emit("Clip", {y, call.like(least, y), call.like(most, y)});
  }
  call.out(0, call.cast(y, type));
  call.out(1, low);
  call.out(2, high);
}

constexpr OpRow kRows[] = {
    {"FakeQuantWithMinMaxArgs", fake_args},
    {"FakeQuantWithMinMaxVars", fake_vars},
    {"FakeQuantWithMinMaxVarsPerChannel", fake_vars},
    {"QuantizeAndDequantize", quantize_and_dequantize},
    {"QuantizeAndDequantizeV2", quantize_and_dequantize},
    {"QuantizeAndDequantizeV3", quantize_and_dequantize},
    {"QuantizeAndDequantizeV4", quantize_and_dequantize},
    {"Dequantize", dequantize},
    {"QuantizeV2", quantize_v2},
};

}  // namespace
}  // namespace quantize_ops

std::span<const OpRow> quantize_rows() { return quantize_ops::kRows; }

}  // namespace thane::tensorflow
