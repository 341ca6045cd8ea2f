#include "passes/conv_weights.h"

namespace thane {

std::optional<ConvParts> conv_parts(const Graph& graph, const Node& conv) {
  const Tensor* weights = graph.constant(conv.inputs[1]);
  const bool has_bias = conv.inputs.size() > 2 && conv.inputs[2] != kNoValue;
  const Tensor* bias = float_constant(graph, conv, 2);
  if (!weights || weights->dtype() != DType::kFloat32 || weights->rank() < 3 || weights->size() == 0 ||
      (has_bias && !bias))
    return std::nullopt;
  const int64_t channels = weights->dim(0);
  if (bias && bias->size() != channels) return std::nullopt;
  return ConvParts{weights, bias, channels, weights->size() / channels};
}

}  // namespace thane
