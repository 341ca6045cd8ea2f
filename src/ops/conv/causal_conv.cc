// CausalConvWithState: depthwise convolution over time, its past carried from call to call.
//   y[b, c, t] = activation(bias[c] + Σ_j w[c, 0, j] · s[b, c, t + j]),  s = past_state (k-1 steps, or zeros) before
//   input
#include <cmath>

#include "ops/conv/conv.h"
#include "ops/conv/typed.h"
#include "ops/expect_shape.h"

namespace thane {
Status infer_causal_conv(InferContext& context) {
  const SymDims* input = context.dims(0);
  const SymDims* weight = context.dims(1);
  THANE_TRY(expect_shape("input", input, {Dim(), Dim(), Dim()}));
  const Dim channels = input ? (*input)[1] : Dim();
  THANE_TRY(expect_shape("weight", weight, {channels, Dim(1), Dim()}));
  if (context.has_input(2)) THANE_TRY(expect_shape("bias", context.dims(2), {channels}));
  const Dim past = weight ? (*weight)[2] - 1 : Dim();
  if (past.is_number() && past.number() < 0) return invalid_model("weight has no taps").expecting("at least one");
  const SymDims state = {input ? (*input)[0] : Dim(), channels, past};
  if (context.has_input(3)) THANE_TRY(expect_shape("past_state", context.dims(3), state));
  context.set(0, context.dtype(0), input ? std::optional(*input) : std::nullopt);
  context.set(1, context.dtype(0), state);
  return ok();
}

Status eval_causal_conv(KernelContext& context) {
  const Tensor& input = context.input(0);
  const Tensor& weight = context.input(1);
  const Tensor* bias = context.has_input(2) ? &context.input(2) : nullptr;
  const Tensor* past = context.has_input(3) ? &context.input(3) : nullptr;
  const bool silu = context.attrs<CausalConvAttrs>().activation != CausalActivation::kNone;
  const int64_t channels = input.dim(1), length = input.dim(2), taps = weight.dim(2), kept = taps - 1;
  dispatch<float, Half, BFloat16>(input.dtype(), [&]<class T>() {
    T* y = context.output(0).data<T>();
    T* state = context.wants_output(1) ? context.output(1).data<T>() : nullptr;
    const int64_t grain = 1 + 16384 / (length * taps + 1);
    context.threads().parallel_for(input.dim(0) * channels, grain, [&](int64_t begin, int64_t end) {
      std::vector<float> series(static_cast<size_t>(kept + length));
      for (int64_t row = begin; row < end; ++row) {
        const int64_t channel = row % channels;
        for (int64_t i = 0; i < kept; ++i) {
          series[static_cast<size_t>(i)] = past ? static_cast<float>(past->data<T>()[row * kept + i]) : 0.0f;
        }
        std::copy_n(input.data<T>() + row * length, length, series.begin() + kept);
        for (int64_t t = 0; t < length; ++t) {
          double sum = bias ? static_cast<double>(static_cast<float>(bias->data<T>()[channel])) : 0.0;
          for (int64_t j = 0; j < taps; ++j) {
            sum += static_cast<double>(static_cast<float>(weight.data<T>()[channel * taps + j])) *
                   series[static_cast<size_t>(t + j)];
          }
          const float plain = static_cast<float>(static_cast<T>(static_cast<float>(sum)));
          y[row * length + t] = static_cast<T>(silu ? plain / (1.0f + std::exp(-plain)) : plain);
        }
        if (!state) continue;
        for (int64_t i = 0; i < kept; ++i) {
          state[row * kept + i] = static_cast<T>(series[static_cast<size_t>(length + i)]);
        }
      }
    });
  });
  return ok();
}

}  // namespace thane
