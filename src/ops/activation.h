// Activations that a producer applies to its result while that is still in registers or the cache.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/threads.h"
#include "ir/attrs.h"
#include "kernels/gemm/gemm.h"

namespace thane {

enum class ActivationKind : uint8_t {
  kNone,
  kRelu,
  kClip,
  kLeakyRelu,
  kSigmoid,
  kTanh,
  kSilu,
  kHardSigmoid,
  kHardSwish,
  kGelu,
  kGeluTanh
};
inline constexpr std::string_view kActivationNames[] = {
    "none", "relu", "clip", "leaky_relu", "sigmoid", "tanh", "silu", "hard_sigmoid", "hard_swish", "gelu", "gelu_tanh"};

// alpha and beta: bounds of kClip (low, high); slope of kLeakyRelu; slope and offset of kHardSigmoid.
struct Activation {
  ActivationKind kind = ActivationKind::kNone;
  float alpha = 0;
  float beta = 0;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.choice("activation", self.kind, kActivationNames);
    v("activation_alpha", self.alpha);
    v("activation_beta", self.beta);
  }
  // Those a clamp can express: [low, high].
  bool is_clamp() const {
    return kind == ActivationKind::kNone || kind == ActivationKind::kRelu || kind == ActivationKind::kClip;
  }
  float low() const {
    return kind == ActivationKind::kNone ? -__builtin_inff() : kind == ActivationKind::kRelu ? 0 : alpha;
  }
  float high() const { return kind == ActivationKind::kClip ? beta : __builtin_inff(); }
};

// The same function for kernels.
MapSpec map_spec(const Activation& activation);
void set_activation(const Activation& activation, GemmEpilogue& epilogue);

// values[i] = f(values[i]): the reference.
void apply_activation(const Activation& activation, int64_t count, float* values);

// The reference of every epilogue: y[i] = f(y[i] + addend[i mod period]), y float32; addend may be null.
void apply_epilogue(const Activation& activation, const float* addend, int64_t period, Tensor& y, ThreadPool& threads);

}  // namespace thane
