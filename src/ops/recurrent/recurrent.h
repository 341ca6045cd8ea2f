// Recurrent layers: attributes and shapes.
#pragma once

#include <cmath>

#include "ir/context.h"

namespace thane {

enum class RecurrentDirection : uint8_t { kForward, kReverse, kBidirectional };
inline constexpr std::string_view kRecurrentDirectionNames[] = {"forward", "reverse", "bidirectional"};

enum class GateKind : uint8_t {
  kRelu,
  kTanh,
  kSigmoid,
  kAffine,
  kLeakyRelu,
  kThresholdedRelu,
  kScaledTanh,
  kHardSigmoid,
  kElu,
  kSoftsign,
  kSoftplus
};

struct GateActivation {
  GateKind kind = GateKind::kTanh;
  float alpha = 0;
  float beta = 0;

  template <class T>
  T operator()(T x) const {
    const T a = static_cast<T>(alpha), b = static_cast<T>(beta);
    switch (kind) {
      case GateKind::kRelu: return std::max(x, T(0));
      case GateKind::kTanh: return std::tanh(x);
      case GateKind::kSigmoid: return 1 / (1 + std::exp(-x));
      case GateKind::kAffine: return a * x + b;
      case GateKind::kLeakyRelu: return x >= 0 ? x : a * x;
      case GateKind::kThresholdedRelu: return x >= a ? x : T(0);
      case GateKind::kScaledTanh: return a * std::tanh(b * x);
      case GateKind::kHardSigmoid: return std::min(std::max(a * x + b, T(0)), T(1));
      case GateKind::kElu: return x >= 0 ? x : a * std::expm1(x);
      case GateKind::kSoftsign: return x / (1 + std::fabs(x));
      case GateKind::kSoftplus: return std::max(x, T(0)) + std::log1p(std::exp(-std::fabs(x)));
    }
    return x;
  }
};

struct RecurrentAttrs : Attrs {
  std::vector<std::string> activations;  // those of the forward direction, then of the backward one
  std::vector<float> activation_alpha;   // in the order of those activations that have one
  std::vector<float> activation_beta;
  std::optional<float> clip;  // bound of what goes into activations
  RecurrentDirection direction = RecurrentDirection::kForward;
  std::optional<int64_t> hidden_size;
  int64_t layout = 0;  // 1: batch first
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("activations", self.activations);
    v("activation_alpha", self.activation_alpha);
    v("activation_beta", self.activation_beta);
    v("clip", self.clip);
    v.choice("direction", self.direction, kRecurrentDirectionNames);
    v("hidden_size", self.hidden_size);
    v("layout", self.layout);
  }

  size_t directions() const { return direction == RecurrentDirection::kBidirectional ? 2 : 1; }
  bool reverse(size_t d) const { return direction == RecurrentDirection::kReverse || d == 1; }
  const GateActivation& gate(size_t direction, size_t i) const {
    return gates[direction * gates.size() / directions() + i];
  }
  template <class T>
  T clipped(T x) const {
    if (!clip) return x;
    const T bound = static_cast<T>(*clip);
    return std::min(std::max(x, -bound), bound);
  }

  // Made from the lists by prepare(): per direction, one per function of the op's equations.
  std::vector<GateActivation> gates;

 protected:
  Status prepare_gates(std::span<const std::string_view> standard);
};

struct RnnAttrs : RecurrentAttrs {
  Status prepare();
};

struct GruAttrs : RecurrentAttrs {
  bool linear_before_reset = false;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    RecurrentAttrs::fields(self, v);
    v("linear_before_reset", self.linear_before_reset);
  }
  Status prepare();
};

struct LstmAttrs : RecurrentAttrs {
  bool input_forget = false;  // the forget gate is one minus the input gate
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    RecurrentAttrs::fields(self, v);
    v("input_forget", self.input_forget);
  }
  Status prepare();
};

Status infer_rnn(InferContext& context);
Status eval_rnn(KernelContext& context);
Status infer_gru(InferContext& context);
Status eval_gru(KernelContext& context);
Status infer_lstm(InferContext& context);
Status eval_lstm(KernelContext& context);

}  // namespace thane
