#include "ops/activation.h"

#include <algorithm>
#include <cmath>

namespace thane {
namespace {

template <class F>
void map(int64_t count, float* values, const F& f) {
  for (int64_t i = 0; i < count; ++i) values[i] = f(values[i]);
}

float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }

float gelu(float x) { return 0.5f * x * (1.0f + std::erf(x * 0.707106781f)); }
float gelu_tanh(float x) { return 0.5f * x * (1.0f + std::tanh(0.797884561f * (x + 0.044715f * x * x * x))); }

}  // namespace

MapSpec map_spec(const Activation& a) {
  constexpr MapOp kOps[] = {MapOp::kCopy,      MapOp::kRelu, MapOp::kClip,    MapOp::kLeakyRelu,
                            MapOp::kSigmoid,   MapOp::kTanh, MapOp::kSilu,    MapOp::kHardSigmoid,
                            MapOp::kHardSwish, MapOp::kGelu, MapOp::kGeluTanh};
  const bool unit = a.kind == ActivationKind::kSilu;
  return {kOps[static_cast<size_t>(a.kind)], unit ? 1.0f : a.alpha, a.beta};
}

void set_activation(const Activation& activation, GemmEpilogue& epilogue) {
  if (activation.is_clamp())
    epilogue.low = activation.low(), epilogue.high = activation.high();
  else
    epilogue.map = map_spec(activation);
}

void apply_activation(const Activation& a, int64_t count, float* values) {
  switch (a.kind) {
    case ActivationKind::kNone: return;
    case ActivationKind::kRelu: return map(count, values, [](float x) { return x < 0 ? 0.0f : x; });
    case ActivationKind::kClip:
      // As ONNX: min(max(x, low), high), so that high wins where low > high; NaN stays.
      return map(count, values, [&](float x) {
        const float raised = x < a.alpha ? a.alpha : x;
        return raised > a.beta ? a.beta : raised;
      });
    case ActivationKind::kLeakyRelu: return map(count, values, [&](float x) { return x < 0 ? x * a.alpha : x; });
    case ActivationKind::kSigmoid: return map(count, values, [](float x) { return sigmoid(x); });
    case ActivationKind::kTanh: return map(count, values, [](float x) { return std::tanh(x); });
    case ActivationKind::kSilu: return map(count, values, [](float x) { return x * sigmoid(x); });
    case ActivationKind::kHardSigmoid:
      return map(count, values, [&](float x) { return std::min(std::max(a.alpha * x + a.beta, 0.0f), 1.0f); });
    case ActivationKind::kHardSwish:
      return map(count, values, [](float x) { return x * std::min(std::max(x / 6.0f + 0.5f, 0.0f), 1.0f); });
    case ActivationKind::kGelu: return map(count, values, gelu);
    case ActivationKind::kGeluTanh: return map(count, values, gelu_tanh);
  }
}

void apply_epilogue(const Activation& activation, const float* addend, int64_t period, Tensor& y, ThreadPool& threads) {
  constexpr int64_t kGrain = 1 << 14;
  float* values = y.data<float>();
  threads.parallel_for(y.size(), kGrain, [&](int64_t begin, int64_t end) {
    if (addend) {
      for (int64_t i = begin; i < end; ++i) values[i] += addend[i % period];
    }
    apply_activation(activation, end - begin, values + begin);
  });
}

}  // namespace thane
