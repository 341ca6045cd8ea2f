#include "formats/tflite/hybrid.h"

#include <algorithm>

#include "base/format.h"
#include "formats/tflite/fixed_point.h"
#include "formats/tflite/import.h"

namespace thane::tflite {
namespace {

constexpr DTypeMask kIntegerData = mask_of(DType::kInt8, DType::kUInt8, DType::kInt16);

// Narrow weights as the bytes they are computed with.
Edge byte_weights(Op& op, const Edge& weights) {
  return mask_of(weights.dtype()) & kSubByte ? op.cast(weights, DType::kInt8) : weights;
}

// bias: which input; kNoBias: none.
constexpr size_t kNoBias = SIZE_MAX;
std::string rounding(Op& op, const TensorInfo& x, size_t bias) {
  const TensorInfo* info = op.has(bias) ? &op.tensor(bias) : nullptr;
  if (x.dtype == DType::kInt16) return info && info->dtype == DType::kInt32 ? "twice" : "wide";
  return op.scope().importer().file().is_micro ? "twice" : "once";
}

void add_requantization(Op& op, AttrMap& attrs, const TensorInfo& x, const TensorInfo& weights, size_t bias,
                        int activation) {
  const TensorInfo& y = op.result();
  const IntegerRange range = activation_range(op, y, activation);
  attrs["input_scale"] = x.quantization.scale();
  attrs["weight_scales"] = weights.quantization.scales;
  attrs["output_scale"] = y.quantization.scale();
  attrs["output_zero_point"] = y.quantization.zero_point();
  attrs["low"] = int64_t{range.low};
  attrs["high"] = int64_t{range.high};
  attrs["rounding"] = rounding(op, x, bias);
}

bool all_zero(const std::vector<int64_t>& list) {
  return std::all_of(list.begin(), list.end(), [](int64_t zero) { return zero == 0; });
}

}  // namespace

bool has_fixed_product(const Op& op, size_t data, size_t weights) {
  if (!op.has(data) || !op.has(weights) || !op.wants(0)) return false;
  const TensorInfo &x = op.tensor(data), &w = op.tensor(weights), &y = op.result();
  if (!is_quantized(x) || !is_quantized(w) || !is_quantized(y) || w.quantization.block_size > 0) return false;
  if (x.quantization.per_axis() || y.quantization.per_axis() || x.dtype != y.dtype) return false;
  // One zero point for all weights.
  const auto& zeros = w.quantization.zero_points;
  const bool same_zero = std::all_of(zeros.begin(), zeros.end(), [&](int64_t zero) { return zero == zeros[0]; });
  return same_zero && (mask_of(x.dtype) & kIntegerData);
}

void lower_fixed_conv(Op& op, const Window& window, int64_t group, const Dims& perm) {
  const Edge bias = op.has(2) ? op.raw(2) : Edge{};
  AttrMap attrs = window.attrs(op);
  attrs["group"] = group;
  attrs["input_zero_point"] = op.tensor(0).quantization.zero_point();
  attrs["weight_zero_point"] = op.tensor(1).quantization.zero_point();
  add_requantization(op, attrs, op.tensor(0), op.tensor(1), 2, window.activation);
  const Edge weights = op.transpose(byte_weights(op, op.raw(1)), perm);
  op.set_raw(0, op.own("FixedConv", {op.raw(0), weights, bias}, std::move(attrs)));
}

// Sums in float64, which holds them exactly.
void lower_fixed_conv_transpose(Op& op, const ProductInputs& inputs, AttrMap attrs, const Dims& perm, int activation) {
  const auto centered = [&](size_t i) {
    const Edge real = op.cast(op.raw(i), DType::kFloat64);
    const int64_t zero = op.tensor(i).quantization.zero_point();
    return zero == 0 ? real : op("Sub", {real, op.scalar(static_cast<double>(zero), DType::kFloat64)});
  };
  const Edge bias = op.has(inputs.bias) ? op.raw(inputs.bias) : Edge{};
  const Edge real_bias = bias.present() ? op.cast(bias, DType::kFloat64) : Edge{};
  const Edge sums =
      op("ConvTranspose", {centered(inputs.data), op.transpose(centered(inputs.weights), perm), real_bias},
         std::move(attrs));
  const TensorInfo& x = op.tensor(inputs.data);
  AttrMap requantization;
  add_requantization(op, requantization, x, op.tensor(inputs.weights), inputs.bias, activation);
  requantization["to"] = static_cast<int64_t>(op.result().dtype);
  op.set_raw(0, op.own("Requantize", {op.to_int64(sums)}, std::move(requantization)));
}

Edge fixed_fully_connected(Op& op, const FullyConnected& parts) {
  const Edge bias = op.has(2) ? op.raw(2) : Edge{};
  AttrMap attrs;
  attrs["trans_b"] = int64_t{1};
  attrs["a_zero_point"] = op.tensor(0).quantization.zero_point();
  attrs["b_zero_point"] = op.tensor(1).quantization.zero_point();
  add_requantization(op, attrs, op.tensor(0), op.tensor(1), 2, parts.activation);
  return op.own("FixedMatMul", {parts.x, byte_weights(op, op.raw(1)), bias}, std::move(attrs));
}

void lower_fixed_batch_matmul(Op& op, const Edge& a, const Edge& b) {
  AttrMap attrs;
  attrs["a_zero_point"] = op.tensor(0).quantization.zero_point();
  attrs["b_zero_point"] = op.tensor(1).quantization.zero_point();
  add_requantization(op, attrs, op.tensor(0), op.tensor(1), kNoBias, 0);
  op.set_raw(0, op.own("FixedMatMul", {a, byte_weights(op, b)}, std::move(attrs)));
}

// --- dynamic ranges

bool is_hybrid(const Op& op) {
  if (!op.has(0) || !op.has(1) || op.tensor(0).dtype != DType::kFloat32) return false;
  const TensorInfo& w = op.tensor(1);
  if (w.quantization.block_size > 0) return false;
  const bool narrow = w.dtype == DType::kInt8 || w.dtype == DType::kInt4 || w.dtype == DType::kInt2;
  return narrow && is_quantized(w) && all_zero(w.quantization.zero_points) && w.data;
}

void lower_hybrid_conv(Op& op, const Window& window, int64_t group, const Dims& perm) {
  AttrMap attrs = window.attrs(op);
  attrs["group"] = group;
  attrs["weight_scales"] = op.tensor(1).quantization.scales;
  attrs["asymmetric"] = int64_t{1};
  const Edge weights = op.transpose(byte_weights(op, op.raw(1)), perm);
  const Edge y = op.own("HybridConv", {op.raw(0), weights, op.maybe(2)}, std::move(attrs));
  op.done(op.activated(y, window.activation));
}

// Per column and block: their scales as numbers; none when they are not constants.
std::vector<float> block_scales(Op& op, size_t input) {
  const Quantization& q = op.tensor(input).quantization;
  const auto count = static_cast<int32_t>(op.scope().info().tensors.size());
  if (q.block_size <= 0 || q.zero_points_tensor >= 0 || q.scales_tensor < 0 || q.scales_tensor >= count) return {};
  const TensorInfo& info = op.scope().tensor(q.scales_tensor);
  if (!info.data || !(mask_of(info.dtype) & kFloats)) return {};
  auto scales = constant_of(info, op.scope().importer().source());
  if (!scales.ok()) return {};
  std::vector<float> numbers;
  for (int64_t i = 0; i < scales->size(); ++i) numbers.push_back(static_cast<float>(scales->as_double(i)));
  return numbers;
}

Edge hybrid_fully_connected(Op& op, const FullyConnected& parts) {
  if (const int size = op.tensor(1).quantization.block_size; size > 0) {
    const Edge y = op.own("HybridMatMul", {parts.x, byte_weights(op, op.raw(1)), op.maybe(2)},
                          {{"weight_scales", block_scales(op, 1)},
                           {"block_size", int64_t{size}},
                           {"trans_b", int64_t{1}},
                           {"asymmetric", int64_t{1}}});
    return op.activated(y, parts.activation);
  }
  const Edge y = op.own(
      "HybridMatMul", {parts.x, byte_weights(op, op.raw(1)), op.maybe(2)},
      {{"weight_scales", op.tensor(1).quantization.scales}, {"trans_b", int64_t{1}}, {"asymmetric", int64_t{1}}});
  return op.activated(y, parts.activation);
}

void lower_hybrid_batch_matmul(Op& op, const Edge& a, const Edge& b) {
  op.done(op.own("HybridMatMul", {a, byte_weights(op, b)},
                 {{"weight_scales", op.tensor(1).quantization.scales}, {"asymmetric", int64_t{1}}}));
}

Edge dequantized_blocks(Op& op, size_t input) {
  const TensorInfo& info = op.tensor(input);
  const Quantization& q = info.quantization;
  Scope& scope = op.scope();
  const auto tensor = [&](int index) -> Edge {
    if (index < 0) return {};
    if (!op.check(static_cast<size_t>(index) < scope.info().tensors.size(), "a scale tensor out of range")) return {};
    auto value = scope.value(index);
    if (value.ok()) return *value;
    op.fail(std::move(value).error());
    return {};
  };
  const Edge x = op.raw(input);
  const Edge scales = tensor(q.scales_tensor);
  if (!op.check(scales.present() && q.block_size > 0, "a blockwise tensor without scales")) return x;
  const int axis = op.rank(x) - 1;
  const Edge zeros = tensor(q.zero_points_tensor);
  const Edge real = op("DequantizeLinear",
                       {x, op.cast(scales, DType::kFloat32), zeros.present() ? op.cast(zeros, x.dtype()) : Edge{}},
                       {{"axis", int64_t{axis}}, {"block_size", int64_t{q.block_size}}});
  return real;
}

}  // namespace thane::tflite
