#include "ops/fixed_point/lstm.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/format.h"
#include "ops/fixed_point/inverse_root.h"
#include "ops/fixed_point/sigmoid.h"

namespace thane {
namespace {

enum : size_t {
  kX,
  kH,
  kC,
  kWeights,
  kRecurrent = 7,
  kPeephole = 11,
  kBias = 14,
  kProjection = 18,
  kProjectionBias,
  kNorm
};
constexpr size_t kGates = 4;

int16_t saturated(int64_t x) { return static_cast<int16_t>(std::clamp<int64_t>(x, -32768, 32767)); }

// Everything about one gate that does not change from step to step.
struct Gate {
  const int8_t *weights = nullptr, *recurrent = nullptr;
  const int16_t *peephole = nullptr, *norm = nullptr;
  const int32_t* bias = nullptr;                    // of the normalization, when there is one
  std::vector<int32_t> input_bias, recurrent_bias;  // with the zero points folded in
  FixedMultiplier input, state, cell, normalized;
  int32_t least_variance = 1;
};

std::vector<int32_t> folded_bias(const int8_t* weights, int64_t rows, int64_t depth, int64_t zero,
                                 const int32_t* bias) {
  std::vector<int32_t> out(static_cast<size_t>(rows));
  for (int64_t r = 0; r < rows; ++r) {
    int64_t sum = 0;
    for (int64_t k = 0; k < depth; ++k) sum += weights[r * depth + k];
    out[static_cast<size_t>(r)] = static_cast<int32_t>((bias ? bias[r] : 0) - zero * sum);
  }
  return out;
}

int32_t dot(const int8_t* a, const int8_t* b, int64_t n, int32_t sum) {
  for (int64_t i = 0; i < n; ++i) sum += int32_t{a[i]} * b[i];
  return sum;
}

// Mean 0, variance 1, in fixed point; then coefficients and bias.
void normalize(const Gate& gate, std::vector<int16_t>& values) {
  constexpr int64_t kGuard = 1 << 20;
  const auto n = static_cast<int64_t>(values.size());
  int64_t sum = 0, squares = 0;
  for (int16_t v : values) {
    sum += v;
    squares += int64_t{v} * v;
  }
  const auto mean = static_cast<int32_t>(sum * 1024 / n);
  auto variance = static_cast<int32_t>((squares * (kGuard / n) - int64_t{mean} * mean) / kGuard);
  if (variance < 1) variance = gate.least_variance;
  const FixedMultiplier inverse = inverse_root(variance);
  FixedMultiplier scale = gate.normalized;
  scale.shift += 12;
  for (size_t i = 0; i < values.size(); ++i) {
    const int32_t centered = inverse.times(1024 * values[i] - mean);
    const int64_t weighted = int64_t{centered} * gate.norm[i] + (gate.bias ? gate.bias[i] : 0);
    values[i] = saturated(scale.times(static_cast<int32_t>((weighted > 0 ? weighted + 512 : weighted - 512) / 1024)));
  }
}

class Lstm {
 public:
  explicit Lstm(KernelContext& context)
      : context_(context),
        attrs_(context.attrs<FixedLstmAttrs>()),
        inputs_(context.input(kX).dim(2)),
        outputs_(context.input(kH).dim(1)),
        cells_(context.input(kC).dim(1)) {
    for (size_t g = 0; g < kGates; ++g) prepare(g);
    hidden_ = FixedMultiplier::of(std::ldexp(1.0, -30) / static_cast<double>(attrs_.hidden_scale));
    projection_ =
        FixedMultiplier::of(static_cast<double>(attrs_.projection_scale * attrs_.hidden_scale / attrs_.state_scale));
    if (context.has_input(kProjection)) {
      projection_bias_ =
          folded_bias(context.input(kProjection).data<int8_t>(), outputs_, cells_, attrs_.hidden_zero_point,
                      context.has_input(kProjectionBias) ? context.input(kProjectionBias).data<int32_t>() : nullptr);
    }
  }

  // h and c of one sequence, in place.
  void step(const int8_t* x, int8_t* h, int16_t* c) {
    std::array<std::vector<int16_t>, kGates> gates;
    const bool coupled = !gates_[0].weights;
    for (size_t g = coupled ? 1 : 0; g < 3; ++g) gates[g] = gate(g, x, h, c);
    for (int64_t i = 0; i < cells_; ++i) {
      const auto at = static_cast<size_t>(i);
      const int16_t forget = gates[1][at];
      const int32_t in = coupled ? 32767 - forget : gates[0][at];
      const int32_t kept = rounding_shift_right(int32_t{forget} * c[i], 15);
      const int32_t added = rounding_shift_right(in * gates[2][at], static_cast<int>(30 + attrs_.cell_bits));
      c[i] = saturated(int64_t{saturated(kept)} + saturated(added));
      if (attrs_.cell_clip > 0)
        c[i] = static_cast<int16_t>(std::clamp<int64_t>(c[i], -attrs_.cell_clip, attrs_.cell_clip));
    }
    gates[3] = gate(3, x, h, c);
    std::vector<int8_t> hidden(static_cast<size_t>(cells_));
    for (int64_t i = 0; i < cells_; ++i) {
      const int16_t squashed = fixed_tanh(c[i], static_cast<int>(15 + attrs_.cell_bits));
      const int64_t value =
          hidden_.times(int32_t{gates[3][static_cast<size_t>(i)]} * squashed) + attrs_.hidden_zero_point;
      hidden[static_cast<size_t>(i)] = static_cast<int8_t>(std::clamp<int64_t>(value, -128, 127));
    }
    if (projection_bias_.empty()) {
      std::copy(hidden.begin(), hidden.end(), h);
      return;
    }
    const auto* weights = context_.input(kProjection).data<int8_t>();
    for (int64_t r = 0; r < outputs_; ++r) {
      const int32_t sum = dot(weights + r * cells_, hidden.data(), cells_, projection_bias_[static_cast<size_t>(r)]);
      int64_t value = std::clamp<int64_t>(projection_.times(sum) + attrs_.state_zero_point, -128, 127);
      if (attrs_.projection_clip > 0)
        value = std::clamp<int64_t>(value, -attrs_.projection_clip, attrs_.projection_clip);
      h[r] = static_cast<int8_t>(value);
    }
  }

 private:
  template <class T>
  const T* maybe(size_t input) const {
    return context_.has_input(input) ? context_.input(input).data<T>() : nullptr;
  }

  void prepare(size_t g) {
    Gate& gate = gates_[g];
    gate.weights = maybe<int8_t>(kWeights + g);
    gate.recurrent = maybe<int8_t>(kRecurrent + g);
    if (!gate.weights || !gate.recurrent) return;
    gate.norm = maybe<int16_t>(kNorm + g);
    gate.bias = maybe<int32_t>(kBias + g);
    if (g != 2) gate.peephole = maybe<int16_t>(kPeephole + (g == 3 ? 2 : g));
    const float unit = attrs_.gate_scales[g];
    gate.input = FixedMultiplier::of(static_cast<double>(attrs_.input_weight_scales[g] * attrs_.input_scale / unit));
    gate.state =
        FixedMultiplier::of(static_cast<double>(attrs_.recurrent_weight_scales[g] * attrs_.state_scale / unit));
    gate.cell = FixedMultiplier::of(std::ldexp(1.0, static_cast<int>(attrs_.cell_bits)) *
                                    static_cast<double>(attrs_.peephole_scales[g]) / static_cast<double>(unit));
    gate.normalized = FixedMultiplier::of(static_cast<double>(attrs_.norm_scales[g]));
    gate.least_variance = std::max(1, static_cast<int32_t>(10000 * attrs_.norm_scales[g]));
    gate.input_bias =
        folded_bias(gate.weights, cells_, inputs_, attrs_.input_zero_point, gate.norm ? nullptr : gate.bias);
    gate.recurrent_bias = folded_bias(gate.recurrent, cells_, outputs_, attrs_.state_zero_point, nullptr);
  }

  std::vector<int16_t> gate(size_t g, const int8_t* x, const int8_t* h, const int16_t* c) const {
    const Gate& gate = gates_[g];
    std::vector<int16_t> values(static_cast<size_t>(cells_));
    for (int64_t i = 0; i < cells_; ++i) {
      const auto at = static_cast<size_t>(i);
      values[at] = saturated(gate.input.times(dot(gate.weights + i * inputs_, x, inputs_, gate.input_bias[at])));
      values[at] = saturated(int64_t{values[at]} + gate.state.times(dot(gate.recurrent + i * outputs_, h, outputs_,
                                                                        gate.recurrent_bias[at])));
      if (gate.peephole)
        values[at] = saturated(int64_t{values[at]} + gate.cell.times(int32_t{gate.peephole[i]} * c[i]));
    }
    if (gate.norm) normalize(gate, values);
    for (int16_t& v : values) v = g == 2 ? fixed_tanh(v, 3) : fixed_sigmoid(v);
    return values;
  }

  KernelContext& context_;
  const FixedLstmAttrs& attrs_;
  int64_t inputs_, outputs_, cells_;
  std::array<Gate, kGates> gates_;
  FixedMultiplier hidden_, projection_;
  std::vector<int32_t> projection_bias_;
};

}  // namespace

Status FixedLstmAttrs::prepare() {
  for (auto* list : {&input_weight_scales, &recurrent_weight_scales, &peephole_scales, &norm_scales, &gate_scales}) {
    if (list->size() != kGates) return invalid_model("scales that are not one per gate");
    for (float scale : *list) {
      if (!(scale > 0)) return invalid_model("a scale that is not above 0");
    }
  }
  if (!(input_scale > 0) || !(state_scale > 0) || !(hidden_scale > 0) || !(projection_scale > 0)) {
    return invalid_model("a scale that is not above 0");
  }
  if (cell_bits < -15 || cell_bits > kMostTanhBits - 15) {
    return invalid_model(format("a cell scale of 2^{}", cell_bits)).expecting("2^-15 to 2^-9");
  }
  return ok();
}

Status infer_fixed_lstm(InferContext& context) {
  const SymDims *x = context.dims(kX), *h = context.dims(kH), *c = context.dims(kC);
  if (!x || !h || !c || x->size() != 3 || h->size() != 2 || c->size() != 2) {
    return invalid_model("operands of an LSTM").expecting("[time, batch, inputs], [batch, outputs], [batch, cells]");
  }
  const Dim &inputs = (*x)[2], &outputs = (*h)[1], &cells = (*c)[1];
  const auto expect = [&](size_t input, const SymDims& dims) -> Status {
    if (!context.has_input(input) || !context.dims(input)) return ok();
    const SymDims& found = *context.dims(input);
    bool same = found.size() == dims.size();
    for (size_t i = 0; same && i < dims.size(); ++i) {
      same = !found[i].is_number() || !dims[i].is_number() || found[i].number() == dims[i].number();
    }
    if (same) return ok();
    return invalid_model(format("operand {} of an LSTM is {}", input, to_string(found))).expecting(to_string(dims));
  };
  THANE_TRY(expect(kH, {(*x)[1], outputs}));
  THANE_TRY(expect(kC, {(*x)[1], cells}));
  for (size_t g = 0; g < kGates; ++g) {
    THANE_TRY(expect(kWeights + g, {cells, inputs}));
    THANE_TRY(expect(kRecurrent + g, {cells, outputs}));
    THANE_TRY(expect(kBias + g, {cells}));
    THANE_TRY(expect(kNorm + g, {cells}));
    const bool wanted = g > 0 || context.has_input(kWeights);
    if (wanted && (!context.has_input(kWeights + g) || !context.has_input(kRecurrent + g))) {
      return invalid_model("an LSTM without the weights of a gate");
    }
    if (g < 3) THANE_TRY(expect(kPeephole + g, {cells}));
  }
  THANE_TRY(expect(kProjection, {outputs, cells}));
  THANE_TRY(expect(kProjectionBias, {outputs}));
  if (!context.has_input(kProjection) && outputs.is_number() && cells.is_number() &&
      outputs.number() != cells.number()) {
    return invalid_model(format("{} outputs of {} cells without a projection", outputs.number(), cells.number()));
  }
  context.set(0, DType::kInt8, SymDims{(*x)[0], (*x)[1], outputs});
  context.set(1, DType::kInt8, *h);
  context.set(2, DType::kInt16, *c);
  return ok();
}

Status eval_fixed_lstm(KernelContext& context) {
  const Tensor& x = context.input(kX);
  const int64_t steps = x.dim(0), batch = x.dim(1), inputs = x.dim(2);
  Tensor &y = context.output(0), &last_h = context.output(1), &last_c = context.output(2);
  const int64_t outputs = last_h.dim(1), cells = last_c.dim(1);
  std::copy_n(context.input(kH).data<int8_t>(), last_h.size(), last_h.data<int8_t>());
  std::copy_n(context.input(kC).data<int16_t>(), last_c.size(), last_c.data<int16_t>());
  if (cells == 0) return ok();
  Lstm lstm(context);
  for (int64_t t = 0; t < steps; ++t) {
    for (int64_t b = 0; b < batch; ++b) {
      int8_t* h = last_h.data<int8_t>() + b * outputs;
      lstm.step(x.data<int8_t>() + (t * batch + b) * inputs, h, last_c.data<int16_t>() + b * cells);
      std::copy_n(h, outputs, y.data<int8_t>() + (t * batch + b) * outputs);
    }
  }
  return ok();
}

}  // namespace thane
