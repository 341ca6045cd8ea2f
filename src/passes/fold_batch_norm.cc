// BatchNormalization at inference is a scale and a shift per channel: y = x·s + (b − mean·s), s = scale/√(var + ε).
// After a Conv with constant weights both move into the weights and the bias (Ioffe & Szegedy 2015, section 3.1).
#include <cmath>

#include "ops/norm/norm.h"
#include "passes/edit.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

// Weights of a Conv are [out, in/groups, …]: one scale per leading index.
Result<Tensor> scale_rows(const Tensor& weights, const std::vector<double>& scale) {
  THANE_ASSIGN(Tensor scaled, Tensor::allocate(DType::kFloat32, weights.dims()));
  const int64_t row = weights.size() / static_cast<int64_t>(scale.size());
  for (int64_t i = 0; i < weights.size(); ++i) {
    scaled.data<float>()[i] = static_cast<float>(weights.data<float>()[i] * scale[static_cast<size_t>(i / row)]);
  }
  return scaled;
}

Status fold_into(Graph& graph, GraphEdit& edit, Node& conv, const Node& norm) {
  const Tensor* weights = float_constant(graph, conv, 1);
  const bool has_bias = conv.inputs.size() > 2 && conv.inputs[2] != kNoValue;
  const Tensor* bias = float_constant(graph, conv, 2);
  const Tensor* params[4];  // scale, shift, mean, variance
  for (size_t i = 0; i < 4; ++i) params[i] = float_constant(graph, norm, i + 1);
  if (!weights || weights->rank() < 3 || weights->size() == 0 || (has_bias && !bias)) return ok();
  const int64_t channels = weights->dim(0);
  for (const Tensor* param : params) {
    if (!param || param->size() != channels) return ok();
  }
  if (bias && bias->size() != channels) return ok();

  const double epsilon = norm.attrs_as<BatchNormalizationAttrs>().epsilon;
  std::vector<double> scale(static_cast<size_t>(channels));
  THANE_ASSIGN(Tensor shift, Tensor::allocate(DType::kFloat32, {channels}));
  for (int64_t c = 0; c < channels; ++c) {
    const double s = params[0]->as_double(c) / std::sqrt(params[3]->as_double(c) + epsilon);
    const double b = bias ? bias->as_double(c) : 0.0;
    scale[static_cast<size_t>(c)] = s;
    shift.data<float>()[c] = static_cast<float>((b - params[2]->as_double(c)) * s + params[1]->as_double(c));
  }
  THANE_ASSIGN(Tensor scaled, scale_rows(*weights, scale));
  conv.inputs.resize(3, kNoValue);
  conv.inputs[1] = graph.add_constant(graph.fresh_name("folded_weight"), std::move(scaled));
  conv.inputs[2] = graph.add_constant(graph.fresh_name("folded_bias"), std::move(shift));
  edit.remove(static_cast<size_t>(edit.producer(norm.outputs[0])));
  conv.outputs[0] = norm.outputs[0];  // keeps the name a graph output may have
  return ok();
}

}  // namespace

Status fold_batch_norm(Graph& graph, const PassOptions& options) {
  if (options.precision == Precision::kExact) return ok();
  GraphEdit edit(graph);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    Node& norm = graph.nodes[n];
    if (norm.op->domain != Domain::kOnnx || norm.op->name != "BatchNormalization") continue;
    if (norm.attrs_as<BatchNormalizationAttrs>().training_mode) continue;
    Node* conv = edit.sole_producer(norm.inputs[0], "Conv");
    if (conv) THANE_TRY(fold_into(graph, edit, *conv, norm));
  }
  edit.finish();
  return ok();
}

}  // namespace thane
