#include "formats/tflite/lstm.h"

#include <algorithm>
#include <cmath>

#include "formats/tflite/fixed_point.h"
#include "formats/tflite/import.h"
#include "ops/quantize/requantize.h"

namespace thane::tflite {
namespace {

float scale_or_one(Op& op, size_t i) {
  const float scale = op.has(i) ? op.tensor(i).quantization.scale() : 1.0f;
  return scale > 0 ? scale : 1.0f;
}

}  // namespace

std::vector<Edge> fixed_lstm(Op& op, const Edge& x, float cell_clip, float projection_clip) {
  constexpr size_t kState = 18, kCell = 19, kNorm = 20, kProjection = 16;
  const std::vector<Edge> failed(3, x);
  const bool normalized = op.has(kNorm + 1);
  const auto& intermediates = op.info().intermediates;
  const auto intermediate = [&](size_t i) -> const TensorInfo* {
    return i < intermediates.size() && intermediates[i] >= 0 ? &op.scope().tensor(intermediates[i]) : nullptr;
  };
  const TensorInfo* hidden = intermediate(4);
  if (!hidden || !hidden->quantization.present()) {
    op.unsupported_form("int8 without the scale of its hidden values");
    return failed;
  }
  std::vector<float> weights, recurrent, peepholes, norms, gates;
  constexpr size_t kPeepholes[] = {9, 10, SIZE_MAX, 11};
  for (size_t g = 0; g < 4; ++g) {
    weights.push_back(scale_or_one(op, 1 + g));
    recurrent.push_back(scale_or_one(op, 5 + g));
    peepholes.push_back(kPeepholes[g] == SIZE_MAX ? 1.0f : scale_or_one(op, kPeepholes[g]));
    norms.push_back(scale_or_one(op, kNorm + g));
    const TensorInfo* inner = normalized ? intermediate(g) : nullptr;
    gates.push_back(inner && inner->quantization.scale() > 0 ? inner->quantization.scale() : 1.0f / 4096);
  }
  const Quantization &input = op.tensor(0).quantization, &state = op.tensor(kState).quantization;
  const float cell_scale = op.tensor(kCell).quantization.scale();
  if (!op.check(input.present() && state.present() && cell_scale > 0, "an int8 LSTM without scales")) return failed;
  const auto units = [](float bound, float scale, double most) {
    return static_cast<int64_t>(
        std::clamp(std::trunc(static_cast<double>(bound) / static_cast<double>(scale)), -most, most));
  };
  AttrMap attrs;
  attrs["input_scale"] = input.scale();
  attrs["input_zero_point"] = input.zero_point();
  attrs["state_scale"] = state.scale();
  attrs["state_zero_point"] = state.zero_point();
  attrs["hidden_scale"] = hidden->quantization.scale();
  attrs["hidden_zero_point"] = hidden->quantization.zero_point();
  attrs["projection_scale"] = scale_or_one(op, kProjection);
  attrs["cell_bits"] = static_cast<int64_t>(std::lround(std::log2(static_cast<double>(cell_scale))));
  attrs["input_weight_scales"] = weights;
  attrs["recurrent_weight_scales"] = recurrent;
  attrs["peephole_scales"] = peepholes;
  attrs["norm_scales"] = norms;
  attrs["gate_scales"] = gates;
  if (cell_clip > 0) attrs["cell_clip"] = units(cell_clip, cell_scale, 32767);
  if (projection_clip > 0) attrs["projection_clip"] = units(projection_clip, state.scale(), 127);
  // The file's order: weights, recurrent weights, peepholes, biases, projection.
  std::vector<Edge> inputs = {x, op.raw(kState), op.raw(kCell)};
  for (size_t i = 1; i <= 17; ++i) inputs.push_back(op.has(i) ? op.raw(i) : Edge{});
  for (size_t i = kNorm; i < kNorm + 4; ++i) inputs.push_back(op.has(i) ? op.raw(i) : Edge{});
  return op.many(
      {.op = "FixedLstm", .inputs = inputs, .outputs = 3, .attrs = std::move(attrs), .domain = Domain::kThane});
}

void lower_fixed_svdf(Op& op, int activation, const Svdf& svdf) {
  const auto scale = [&](size_t i) { return op.tensor(i).quantization.scale(); };
  const TensorInfo &state_info = op.tensor(4), &y = op.result();
  const auto requantized = [&](const Edge& sums, float a, float b, const TensorInfo& to, IntegerRange range) {
    return op.own("Requantize", {sums},
                  {{"input_scale", a},
                   {"weight_scales", std::vector<float>{b}},
                   {"output_scale", to.quantization.scale()},
                   {"output_zero_point", to.quantization.zero_point()},
                   {"low", int64_t{range.low}},
                   {"high", int64_t{range.high}},
                   {"to", static_cast<int64_t>(to.dtype)}});
  };
  const bool narrow = state_info.dtype == DType::kInt8 || state_info.dtype == DType::kInt16;
  if (!op.check(narrow, "a state that is neither int8 nor int16")) return;
  const QuantizedRange all = quantized_range(state_info.dtype);
  const Edge zero = op.scalar(static_cast<double>(op.tensor(0).quantization.zero_point()), DType::kInt8);
  const Edge products = op("MatMulInteger", {op.raw(0), op.transpose(op.raw(1), {1, 0}), zero});
  const Edge newest = requantized(products, scale(0), scale(1), state_info, {all.low, all.high});
  const Edge state = svdf.moved_memory(op, op.raw(4), newest, svdf.filters, svdf.memory);
  const Edge weighted = op("Mul", {op.cast(state, DType::kInt32), op.cast(op.raw(2), DType::kInt32)});
  Edge sums = svdf.units(op("ReduceSum", {weighted, op.list({2})}, {{"keepdims", int64_t{0}}}));
  if (op.has(3)) sums = op("Add", {sums, op.raw(3)});
  op.set_variable(4, op.reshape(state, svdf.flat));
  op.set_raw(0, requantized(sums, scale(4), scale(2), y, activation_range(op, y, activation)));
}

}  // namespace thane::tflite
