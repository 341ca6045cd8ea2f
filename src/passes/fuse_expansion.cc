// A pointwise Conv whose large result only a depthwise Conv reads (as in inverted bottlenecks): together they keep it
// in the cache, a few rows at a time.
#include <algorithm>

#include "ops/conv/conv.h"
#include "ops/table.h"
#include "passes/edit.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

constexpr int64_t kLarge = 512 << 10;  // bytes of one image: more than a second-level cache holds beside the rest

// Conv, or FusedConv without a residual, in two dimensions with channels last and constant weights; else null.
const ConvAttrs* plain_conv(const Graph& graph, const Node& node) {
  const bool conv = node.op->domain == Domain::kOnnx && node.op->name == "Conv";
  const bool fused = node.op->domain == Domain::kThane && node.op->name == "FusedConv";
  if ((!conv && !fused) || (node.inputs.size() > 3 && node.inputs[3] != kNoValue)) return nullptr;
  const Tensor* weights = graph.constant(node.inputs[1]);
  const auto& attrs = node.attrs_as<ConvAttrs>();
  const bool fits = attrs.layout == DataLayout::kChannelsLast && weights && weights->rank() == 4 &&
                    weights->dtype() == DType::kFloat32;
  return fits ? &attrs : nullptr;
}

bool all_are(const Dims& list, int64_t value) {
  return std::all_of(list.begin(), list.end(), [&](int64_t v) { return v == value; });
}

bool is_pointwise(const ConvAttrs& attrs, const Tensor& weights) {
  return attrs.group == 1 && weights.dim(2) == 1 && weights.dim(3) == 1 && all_are(attrs.strides, 1) &&
         all_are(attrs.pads, 0);
}

bool is_depthwise(const ConvAttrs& attrs, const Tensor& weights) {
  return attrs.group > 1 && weights.dim(1) == 1 && weights.dim(0) == attrs.group && all_are(attrs.dilations, 1);
}

bool is_large(const Type& type) {
  if (!type.is_tensor() || !type.dims || type.dims->size() != 4) return false;
  int64_t bytes = sizeof(float);
  for (size_t axis = 1; axis < 4; ++axis) {
    const Dim& dim = (*type.dims)[axis];
    if (!dim.is_number() || dim.number() <= 0 || dim.number() > kLarge) return false;
    bytes = std::min(bytes * dim.number(), kLarge);
  }
  return bytes >= kLarge;
}

Activation fused_activation(const Node& node) {
  return node.op->domain == Domain::kThane ? node.attrs_as<FusedConvAttrs>().activation : Activation{};
}

}  // namespace

Status fuse_expansion(Graph& graph, const PassOptions&) {
  GraphEdit edit(graph);
  for (Node& node : graph.nodes) {
    const ConvAttrs* attrs = plain_conv(graph, node);
    if (!attrs || !is_depthwise(*attrs, *graph.constant(node.inputs[1]))) continue;
    const ValueId between = node.inputs[0];
    const int producer = edit.producer(between);
    if (producer < 0 || edit.uses(between) != 1 || edit.is_output(between)) continue;
    if (!is_large(graph.values[between].type)) continue;
    const Node& expansion = graph.nodes[static_cast<size_t>(producer)];
    const ConvAttrs* pointwise = plain_conv(graph, expansion);
    if (!pointwise || !is_pointwise(*pointwise, *graph.constant(expansion.inputs[1]))) continue;
    auto fused = std::make_shared<ExpandedDepthwiseAttrs>();
    static_cast<ConvAttrs&>(*fused) = *attrs;
    fused->activation = fused_activation(node);
    fused->expansion = fused_activation(expansion);
    const auto bias = [](const Node& conv) { return conv.inputs.size() > 2 ? conv.inputs[2] : kNoValue; };
    node.inputs = {expansion.inputs[0], expansion.inputs[1], bias(expansion), node.inputs[1], bias(node)};
    node.op = find_op(Domain::kThane, "ExpandedDepthwiseConv");
    node.attrs = std::move(fused);
    edit.remove(static_cast<size_t>(producer));
  }
  edit.finish();
  return ok();
}

}  // namespace thane
