// DynamicQuantizeLSTM of com.microsoft: an LSTM whose weights are 8-bit and whose inputs and hidden states are
// quantised while it runs, the whole input sequence at once and the states of a batch at each step.
#pragma once

#include "ir/context.h"

namespace thane::contrib {

enum class LstmDirection : uint8_t { kForward, kReverse, kBidirectional };
inline constexpr std::string_view kLstmDirectionNames[] = {"forward", "reverse", "bidirectional"};

struct QuantizedLstmAttrs : Attrs {
  std::vector<std::string> activations;  // f, g, h for each direction; empty: Sigmoid, Tanh, Tanh
  std::vector<float> activation_alpha, activation_beta;
  std::optional<float> clip;
  LstmDirection direction = LstmDirection::kForward;
  int64_t hidden_size = 0;
  bool input_forget = false;

  int64_t directions() const { return direction == LstmDirection::kBidirectional ? 2 : 1; }
  Status prepare();
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("activations", self.activations);
    v("activation_alpha", self.activation_alpha);
    v("activation_beta", self.activation_beta);
    v("clip", self.clip);
    v.choice("direction", self.direction, kLstmDirectionNames);
    v("hidden_size", self.hidden_size);
    v("input_forget", self.input_forget);
  }
};

Status infer_quantized_lstm(InferContext& context);
Status eval_quantized_lstm(KernelContext& context);

}  // namespace thane::contrib
