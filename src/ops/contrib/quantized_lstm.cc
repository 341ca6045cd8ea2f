#include "ops/contrib/quantized_lstm.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "ops/contrib/contrib.h"

namespace thane::contrib {
namespace {

enum Input : size_t {
  kX,
  kW,
  kR,
  kBias,
  kLengths,
  kInitialH,
  kInitialC,
  kPeephole,
  kWScale,
  kWZero,
  kRScale,
  kRZero,
};

using Activation = float (*)(float x, float alpha, float beta);
struct ActivationRow {
  std::string_view name;
  Activation function;
  float alpha, beta;  // defaults
};

float sigmoid(float x, float, float) { return 1 / (1 + std::exp(-x)); }
float tanh_of(float x, float, float) { return std::tanh(x); }
float relu(float x, float, float) { return std::max(x, 0.f); }
float affine(float x, float a, float b) { return a * x + b; }
float leaky_relu(float x, float a, float) { return x >= 0 ? x : a * x; }
float thresholded_relu(float x, float a, float) { return x >= a ? x : 0.f; }
float scaled_tanh(float x, float a, float b) { return a * std::tanh(b * x); }
float hard_sigmoid(float x, float a, float b) { return std::clamp(a * x + b, 0.f, 1.f); }
float elu(float x, float a, float) { return x >= 0 ? x : a * (std::exp(x) - 1); }
float softsign(float x, float, float) { return x / (1 + std::fabs(x)); }
float softplus(float x, float, float) { return std::log1p(std::exp(x)); }

constexpr ActivationRow kActivations[] = {
    {"sigmoid", sigmoid, 0, 0},
    {"tanh", tanh_of, 0, 0},
    {"relu", relu, 0, 0},
    {"affine", affine, 1, 0},
    {"leakyrelu", leaky_relu, 0.01f, 0},
    {"thresholdedrelu", thresholded_relu, 1, 0},
    {"scaledtanh", scaled_tanh, 1, 1},
    {"hardsigmoid", hard_sigmoid, 0.2f, 0.5f},
    {"elu", elu, 1, 0},
    {"softsign", softsign, 0, 0},
    {"softplus", softplus, 0, 0},
};

const ActivationRow* find_activation(std::string name) {
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const ActivationRow& row : kActivations) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

struct BoundActivation {
  Activation function;
  float alpha, beta;
  float operator()(float x) const { return function(x, alpha, beta); }
};

// The three of one direction.
std::vector<BoundActivation> bind(const QuantizedLstmAttrs& attrs, size_t direction) {
  constexpr std::string_view kDefaults[] = {"sigmoid", "tanh", "tanh"};
  std::vector<BoundActivation> bound;
  for (size_t i = 0; i < 3; ++i) {
    const size_t at = 3 * direction + i;
    const ActivationRow* row =
        find_activation(attrs.activations.empty() ? std::string(kDefaults[i]) : attrs.activations[at]);
    bound.push_back({row->function, at < attrs.activation_alpha.size() ? attrs.activation_alpha[at] : row->alpha,
                     at < attrs.activation_beta.size() ? attrs.activation_beta[at] : row->beta});
  }
  return bound;
}

// Bytes as signed or unsigned numbers.
int byte_at(const Tensor& tensor, int64_t i) {
  return tensor.dtype() == DType::kInt8 ? tensor.data<int8_t>()[i] : tensor.data<uint8_t>()[i];
}

// A weight matrix [rows, columns] of one direction, less its zero points, with the scale of each column.
struct Weights {
  int64_t rows, columns;
  std::vector<int32_t> values;
  std::vector<float> scales;

  Weights(const Tensor& weights, const Tensor& scale, const Tensor& zero, int64_t direction, int64_t directions)
      : rows(weights.dim(1)), columns(weights.dim(2)) {
    const bool per_column = scale.size() != directions;
    const bool zero_per_column = zero.size() != directions;
    for (int64_t n = 0; n < columns; ++n) {
      scales.push_back(scale.data<float>()[per_column ? direction * columns + n : direction]);
    }
    for (int64_t i = 0; i < rows * columns; ++i) {
      const int64_t n = i % columns;
      values.push_back(byte_at(weights, direction * rows * columns + i) -
                       byte_at(zero, zero_per_column ? direction * columns + n : direction));
    }
  }

  // out[m, :] += a[m, :] · weights, with `a` quantised to eight bits over its own range.
  void add_product(const float* a, int64_t count, float* out) const {
    float low = 0, high = 0;
    for (int64_t i = 0; i < count * rows; ++i) {
      low = std::min(low, a[i]);
      high = std::max(high, a[i]);
    }
    const float scale = high == low ? 1.f : (high - low) / 255.f;
    const float zero = std::nearbyint(std::clamp(-low / scale, 0.f, 255.f));
    std::vector<int32_t> sums(static_cast<size_t>(columns));
    for (int64_t m = 0; m < count; ++m) {
      std::fill(sums.begin(), sums.end(), 0);
      for (int64_t k = 0; k < rows; ++k) {
        const float level = std::clamp(std::nearbyint(a[m * rows + k] / scale) + zero, 0.f, 255.f);
        const int32_t value = std::isnan(level) ? 0 : static_cast<int32_t>(level - zero);
        const int32_t* row = values.data() + k * columns;
        for (int64_t n = 0; n < columns; ++n) sums[static_cast<size_t>(n)] += value * row[n];
      }
      for (int64_t n = 0; n < columns; ++n) {
        const auto j = static_cast<size_t>(n);
        out[m * columns + n] += static_cast<float>(sums[j]) * (scale * scales[j]);
      }
    }
  }
};

struct Sizes {
  int64_t steps, batch, input, hidden, directions;
};

// One direction. Sequences shorter than the longest stay where they ended.
class Direction {
 public:
  Direction(KernelContext& context, const Sizes& sizes, int64_t index, bool reverse)
      : context_(context),
        attrs_(context.attrs<QuantizedLstmAttrs>()),
        s_(sizes),
        index_(index),
        reverse_(reverse),
        activations_(bind(attrs_, static_cast<size_t>(index))),
        w_(context.input(kW), context.input(kWScale), context.input(kWZero), index, sizes.directions),
        r_(context.input(kR), context.input(kRScale), context.input(kRZero), index, sizes.directions) {}

  void run(const std::vector<int64_t>& lengths, Tensor* y, Tensor* y_h, Tensor* y_c) {
    const int64_t longest = lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
    std::vector<float> h = initial(kInitialH), c = initial(kInitialC);
    std::vector<float> from_input(static_cast<size_t>(longest * s_.batch * 4 * s_.hidden), 0.f);
    w_.add_product(context_.input(kX).data<float>(), longest * s_.batch, from_input.data());
    for (int64_t step = 0; step < longest; ++step) {
      std::vector<float> gates(static_cast<size_t>(s_.batch * 4 * s_.hidden));
      for (int64_t b = 0; b < s_.batch; ++b) {
        const float* in =
            from_input.data() + (time(step, lengths[static_cast<size_t>(b)]) * s_.batch + b) * 4 * s_.hidden;
        std::copy_n(in, 4 * s_.hidden, gates.data() + b * 4 * s_.hidden);
      }
      r_.add_product(h.data(), s_.batch, gates.data());
      for (int64_t b = 0; b < s_.batch; ++b) {
        if (step >= lengths[static_cast<size_t>(b)]) continue;
        advance(gates.data() + b * 4 * s_.hidden, h.data() + b * s_.hidden, c.data() + b * s_.hidden);
        if (!y) continue;
        const int64_t t = time(step, lengths[static_cast<size_t>(b)]);
        std::copy_n(h.data() + b * s_.hidden, s_.hidden,
                    y->data<float>() + ((t * s_.directions + index_) * s_.batch + b) * s_.hidden);
      }
    }
    if (y_h) std::copy(h.begin(), h.end(), y_h->data<float>() + index_ * s_.batch * s_.hidden);
    if (y_c) std::copy(c.begin(), c.end(), y_c->data<float>() + index_ * s_.batch * s_.hidden);
  }

 private:
  // Reversed sequences start at their own end.
  int64_t time(int64_t step, int64_t length) const { return reverse_ && step < length ? length - 1 - step : step; }

  std::vector<float> initial(size_t input) const {
    const auto count = static_cast<size_t>(s_.batch * s_.hidden);
    const Tensor* given = optional_input(context_, input);
    if (!given) return std::vector<float>(count, 0.f);
    const float* data = given->data<float>() + index_ * s_.batch * s_.hidden;
    return std::vector<float>(data, data + count);
  }

  float bound(float x) const { return attrs_.clip ? std::clamp(x, -*attrs_.clip, *attrs_.clip) : x; }

  // One step of one sequence; gates in the order input, output, forget, cell.
  void advance(const float* gates, float* h, float* c) const {
    const int64_t n = s_.hidden;
    const Tensor *bias = optional_input(context_, kBias), *peephole = optional_input(context_, kPeephole);
    const float* w_bias = bias ? bias->data<float>() + index_ * 8 * n : nullptr;
    const float* p = peephole ? peephole->data<float>() + index_ * 3 * n : nullptr;
    for (int64_t j = 0; j < n; ++j) {
      const auto gate = [&](int64_t g, float cell) {
        float x = gates[g * n + j];
        if (w_bias) x += w_bias[g * n + j] + w_bias[(4 + g) * n + j];
        if (p && g < 3) x += p[g * n + j] * cell;
        return bound(x);
      };
      const float input = activations_[0](gate(0, c[j]));
      const float forget = attrs_.input_forget ? 1 - input : activations_[0](gate(2, c[j]));
      c[j] = forget * c[j] + input * activations_[1](gate(3, 0));
      h[j] = activations_[0](gate(1, c[j])) * activations_[2](c[j]);
    }
  }

  KernelContext& context_;
  const QuantizedLstmAttrs& attrs_;
  const Sizes s_;
  const int64_t index_;
  const bool reverse_;
  const std::vector<BoundActivation> activations_;
  const Weights w_, r_;
};

Status expect_one_of(const InferContext& context, size_t i, std::string_view name,
                     std::initializer_list<Dims> allowed) {
  const auto found = context.has_input(i) ? known_dims(context, i) : std::nullopt;
  if (!found || std::find(allowed.begin(), allowed.end(), *found) != allowed.end()) return ok();
  return invalid_model(format("{} of shape {}", name, to_string(*found))).expecting(to_string(*allowed.begin()));
}

}  // namespace

Status QuantizedLstmAttrs::prepare() {
  if (!activations.empty() && activations.size() != static_cast<size_t>(3 * directions())) {
    return invalid_model(format("{} activations", activations.size())).expecting(std::to_string(3 * directions()));
  }
  for (const std::string& name : activations) {
    if (!find_activation(name)) return unsupported(format("activation '{}'", name));
  }
  if (clip && !(*clip >= 0)) return invalid_model(format("clip is {}", *clip)).expecting("0 or more");
  return ok();
}

Status infer_quantized_lstm(InferContext& context) {
  const auto& attrs = context.attrs<QuantizedLstmAttrs>();
  const SymDims *x = context.dims(kX), *r = context.dims(kR);
  for (size_t i = 0; i < 3; ++i) context.set(i, DType::kFloat32);
  if (!x || !r) return ok();
  if (x->size() != 3 || r->size() != 3) {
    return invalid_model("X or R of the wrong rank")
        .expecting("[steps, batch, input] and [directions, hidden, 4 · hidden]");
  }
  const Dim directions(attrs.directions()), hidden = (*r)[1];
  context.set(0, DType::kFloat32, SymDims{(*x)[0], directions, (*x)[1], hidden});
  context.set(1, DType::kFloat32, SymDims{directions, (*x)[1], hidden});
  context.set(2, DType::kFloat32, SymDims{directions, (*x)[1], hidden});
  if (!all_known(context)) return ok();
  const int64_t d = attrs.directions(), batch = (*x)[1].number(), input = (*x)[2].number(), n = hidden.number();
  THANE_TRY(check_rows(batch, (*x)[0].number()));
  THANE_TRY(check_rows(8 * d, n));
  if (attrs.hidden_size != 0 && attrs.hidden_size != n) {
    return invalid_model(format("hidden_size is {}", attrs.hidden_size)).expecting(format("{}, as R says", n));
  }
  THANE_TRY(expect_one_of(context, kW, "W", {{d, input, 4 * n}}));
  THANE_TRY(expect_one_of(context, kR, "R", {{d, n, 4 * n}}));
  THANE_TRY(expect_one_of(context, kBias, "B", {{d, 8 * n}}));
  THANE_TRY(expect_one_of(context, kLengths, "sequence_lens", {{batch}}));
  THANE_TRY(expect_one_of(context, kInitialH, "initial_h", {{d, batch, n}}));
  THANE_TRY(expect_one_of(context, kInitialC, "initial_c", {{d, batch, n}}));
  THANE_TRY(expect_one_of(context, kPeephole, "P", {{d, 3 * n}}));
  THANE_TRY(expect_one_of(context, kWScale, "W_scale", {{d}, {d, 4 * n}}));
  THANE_TRY(expect_one_of(context, kWZero, "W_zero_point", {{d}, {d, 4 * n}}));
  THANE_TRY(expect_one_of(context, kRScale, "R_scale", {{d}, {d, 4 * n}}));
  return expect_one_of(context, kRZero, "R_zero_point", {{d}, {d, 4 * n}});
}

Status eval_quantized_lstm(KernelContext& context) {
  const auto& attrs = context.attrs<QuantizedLstmAttrs>();
  const Tensor& x = context.input(kX);
  const Sizes sizes{x.dim(0), x.dim(1), x.dim(2), context.input(kR).dim(1), attrs.directions()};
  std::vector<int64_t> lengths(static_cast<size_t>(sizes.batch), sizes.steps);
  if (const Tensor* given = optional_input(context, kLengths)) {
    for (int64_t b = 0; b < sizes.batch; ++b) {
      lengths[static_cast<size_t>(b)] = given->data<int32_t>()[b];
      if (given->data<int32_t>()[b] < 0 || given->data<int32_t>()[b] > sizes.steps) {
        return runtime_error(format("sequence_lens holds {}", given->data<int32_t>()[b]))
            .expecting(format("0 to {}", sizes.steps));
      }
    }
  }
  const auto wanted = [&](size_t i) { return context.wants_output(i) ? &context.output(i) : nullptr; };
  Tensor *y = wanted(0), *y_h = wanted(1), *y_c = wanted(2);
  if (y) std::fill_n(y->data<float>(), y->size(), 0.f);
  for (int64_t i = 0; i < sizes.directions; ++i) {
    const bool reverse = attrs.direction == LstmDirection::kReverse || i == 1;
    Direction(context, sizes, i, reverse).run(lengths, y, y_h, y_c);
  }
  return ok();
}

}  // namespace thane::contrib
