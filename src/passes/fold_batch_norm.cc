// BatchNormalization at inference is a scale and a shift per channel: y = x·s + (b − mean·s), s = scale/√(var + ε).
// After a Conv with constant weights both move into the weights and the bias (Ioffe & Szegedy 2015, section 3.1).
#include <cmath>

#include "ops/norm/norm.h"
#include "passes/conv_weights.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

Status fold_into(Graph& graph, GraphEdit& edit, Node& conv, const Node& norm) {
  const auto parts = conv_parts(graph, conv);
  if (!parts) return ok();
  const Tensor* params[4];  // scale, shift, mean, variance
  for (size_t i = 0; i < 4; ++i) {
    params[i] = float_constant(graph, norm, i + 1);
    if (!params[i] || params[i]->size() != parts->channels) return ok();
  }
  const double epsilon = norm.attrs_as<BatchNormalizationAttrs>().epsilon;
  const auto scale = [&](int64_t c) { return params[0]->as_double(c) / std::sqrt(params[3]->as_double(c) + epsilon); };
  THANE_TRY(rewrite_conv(graph, conv, *parts, scale, [&](int64_t c, double b) {
    return (b - params[2]->as_double(c)) * scale(c) + params[1]->as_double(c);
  }));
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
