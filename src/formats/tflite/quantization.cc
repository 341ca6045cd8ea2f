// Between reals and the integers that stand for them.
#include <cmath>

#include "base/format.h"
#include "formats/tflite/builtins.h"
#include "formats/tflite/fixed_point.h"
#include "formats/tflite/hybrid.h"

namespace thane::tflite {
namespace quantization_ops {
namespace {

void lower_dequantize(Op& op) {
  const Edge x = op.raw(0);
  if (!op.has(0)) return;
  const TensorInfo& info = op.tensor(0);
  if (info.quantization.block_size > 0) return op.set_raw(0, dequantized_blocks(op, 0));
  if (!info.quantization.present()) return op.set_raw(0, op.cast(x, op.result().dtype));
  const Edge real = op.dequantized(x, info);
  op.set_raw(0, op.cast(real, op.result().dtype));
}

void lower_quantize(Op& op) {
  const Edge x = op.raw(0);
  if (!op.has(0) || !op.wants(0)) return;
  const TensorInfo &from = op.tensor(0), &to = op.result();
  if (!to.quantization.present()) return op.fail(invalid_model("a result without scale"));
  if (mask_of(x.dtype()) & kFloats) return op.set_raw(0, op.quantized(x, to));
  op.set_raw(0, requantized(op, x, from, to));
}

// The nearest of 2^bits values that cover [min, max] and hold 0 exactly.
void lower_fake_quant(Op& op) {
  const Table options = op.options();
  const auto low = options.number<float>(0), high = options.number<float>(1);
  const int bits = options.number<int32_t>(2);
  if (!op.check(bits >= 2 && bits <= 16 && low < high, "a quantization of no range")) return;
  const float first = options.flag(3) ? 1.0f : 0.0f, last = static_cast<float>((1 << bits) - 1);
  const float scale = (high - low) / (last - first);
  const float from_low = first - low / scale;
  const float zero = from_low < first ? first : from_low > last ? last : std::round(from_low);
  const float nudged_low = (first - zero) * scale, nudged_high = (last - zero) * scale;
  const Edge x = op.in(0);
  const auto number = [&](float value) { return op.scalar(static_cast<double>(value), DType::kFloat32); };
  const Edge clamped = op("Clip", {x, number(nudged_low), number(nudged_high)});
  const Edge steps = op(
      "Floor", {op("Add", {op("Mul", {op("Sub", {clamped, number(nudged_low)}), number(1 / scale)}), number(0.5f)})});
  op.done(op("Add", {op("Mul", {steps, number(scale)}), number(nudged_low)}));
}

// Sparse constants are dense from the start.
void lower_densify(Op& op) { op.set_raw(0, op("Identity", {op.raw(0)})); }

constexpr Builtin kRows[] = {
    {6, "DEQUANTIZE", 0, lower_dequantize},
    {80, "FAKE_QUANT", 58, lower_fake_quant},
    {114, "QUANTIZE", 0, lower_quantize},
    {124, "DENSIFY", 0, lower_densify},
};

}  // namespace
}  // namespace quantization_ops

std::span<const Builtin> quantization_builtins() { return quantization_ops::kRows; }

}  // namespace thane::tflite
