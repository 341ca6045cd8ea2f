// Giving a Conv other constants, for passes that fold their neighbours into it.
#pragma once

#include <optional>

#include "base/unaligned.h"
#include "ir/graph.h"
#include "passes/edit.h"

namespace thane {

struct ConvParts {
  const Tensor* weights;  // [out, in/groups, …]: a row per output channel; may lie unaligned
  const Tensor* bias;     // null: none
  int64_t channels, row;  // row: weights of an output channel
};

// The float32 constants of a Conv; none where something it reads is no such constant, or does not fit.
std::optional<ConvParts> conv_parts(const Graph& graph, const Node& conv);

// Gives conv weights · scale(channel), and the bias that bias(channel, its old bias) says.
template <class Scale, class Bias>
Status rewrite_conv(Graph& graph, Node& conv, const ConvParts& parts, const Scale& scale, const Bias& bias) {
  THANE_ASSIGN(Tensor weights, Tensor::allocate(DType::kFloat32, parts.weights->dims()));
  THANE_ASSIGN(Tensor biases, Tensor::allocate(DType::kFloat32, {parts.channels}));
  for (int64_t c = 0; c < parts.channels; ++c) {
    const double factor = scale(c);
    for (int64_t i = c * parts.row; i < (c + 1) * parts.row; ++i) {
      weights.data<float>()[i] = static_cast<float>(load_unaligned(parts.weights->data<float>() + i) * factor);
    }
    biases.data<float>()[c] = static_cast<float>(bias(c, parts.bias ? parts.bias->as_double(c) : 0.0));
  }
  parts.weights->unload();
  conv.inputs.resize(3, kNoValue);
  conv.inputs[1] = graph.add_constant(graph.fresh_name("folded_weight"), std::move(weights));
  conv.inputs[2] = graph.add_constant(graph.fresh_name("folded_bias"), std::move(biases));
  return ok();
}

}  // namespace thane
