// A depthwise Conv and the pointwise ones before and after it (as in inverted bottlenecks), or one of few channels
// before it (where networks begin): together they keep what is between them in the cache, a few rows at a time.
#include <algorithm>

#include "ops/conv/conv.h"
#include "ops/table.h"
#include "passes/edit.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

constexpr int64_t kLarge = 512 << 10;  // bytes of one image: more than a second-level cache holds beside the rest

// Conv or FusedConv in two dimensions with channels last and constant weights; else null.
const ConvAttrs* plain_conv(const Graph& graph, const Node& node) {
  const bool conv = node.op->domain == Domain::kOnnx && node.op->name == "Conv";
  const bool fused = node.op->domain == Domain::kThane && node.op->name == "FusedConv";
  if (!conv && !fused) return nullptr;
  const Tensor* weights = graph.constant(node.inputs[1]);
  const auto& attrs = node.attrs_as<ConvAttrs>();
  const bool fits = attrs.layout == DataLayout::kChannelsLast && weights && weights->rank() == 4 &&
                    weights->dtype() == DType::kFloat32;
  return fits ? &attrs : nullptr;
}

ValueId input_of(const Node& node, size_t i) { return i < node.inputs.size() ? node.inputs[i] : kNoValue; }
bool has_residual(const Node& node) { return input_of(node, 3) != kNoValue; }

bool all_are(const Dims& list, int64_t value) {
  return std::all_of(list.begin(), list.end(), [&](int64_t v) { return v == value; });
}

bool is_pointwise(const ConvAttrs& attrs, const Tensor& weights) {
  return attrs.group == 1 && weights.dim(2) == 1 && weights.dim(3) == 1 && all_are(attrs.strides, 1) &&
         all_are(attrs.pads, 0);
}

bool is_stem(const ConvAttrs& attrs, const Tensor& weights) {
  constexpr int64_t kFew = 4, kMany = 8;
  return attrs.group == 1 && weights.dim(1) <= kFew && weights.dim(0) > kMany && weights.dim(3) > 1 &&
         all_are(attrs.dilations, 1);
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

// Rows enough for threads to share, and columns enough for a product.
bool is_projected(const Type& type) {
  constexpr int64_t kLeast = 14;
  if (!type.is_tensor() || !type.dims || type.dims->size() != 4) return false;
  const Dim &height = (*type.dims)[1], &width = (*type.dims)[2];
  return height.is_number() && width.is_number() && height.number() >= kLeast && width.number() >= kLeast;
}

Activation fused_activation(const Node& node) {
  return node.op->domain == Domain::kThane ? node.attrs_as<FusedConvAttrs>().activation : Activation{};
}

}  // namespace

Status fuse_bottleneck(Graph& graph, const PassOptions&) {
  GraphEdit edit(graph);
  // The node of that index if it is a convolution of a kind.
  const auto conv_of = [&](int index, auto... kinds) -> Node* {
    Node* node = index < 0 ? nullptr : &graph.nodes[static_cast<size_t>(index)];
    const ConvAttrs* attrs = node ? plain_conv(graph, *node) : nullptr;
    return attrs && (kinds(*attrs, *graph.constant(node->inputs[1])) || ...) ? node : nullptr;
  };
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& depthwise = graph.nodes[i];
    const ConvAttrs* attrs = plain_conv(graph, depthwise);
    if (!attrs || has_residual(depthwise) || !is_depthwise(*attrs, *graph.constant(depthwise.inputs[1]))) continue;
    const ValueId from = depthwise.inputs[0], to = depthwise.outputs[0];
    const Node* expansion = nullptr;
    if (edit.sole_reader(from) >= 0 && is_large(graph.values[from].type))
      expansion = conv_of(edit.producer(from), is_pointwise, is_stem);
    if (expansion && has_residual(*expansion)) expansion = nullptr;
    Node* projection = nullptr;
    if (is_projected(graph.values[to].type)) projection = conv_of(edit.sole_reader(to), is_pointwise);
    if (projection && projection->inputs[0] != to) projection = nullptr;
    if (!expansion && !projection) continue;

    auto fused = std::make_shared<BottleneckAttrs>();
    static_cast<ConvAttrs&>(*fused) = *attrs;
    fused->activation = fused_activation(depthwise);
    if (expansion) {
      const auto& window = expansion->attrs_as<ConvAttrs>();
      fused->expansion = fused_activation(*expansion);
      fused->expansion_auto_pad = window.auto_pad;
      fused->expansion_strides = window.strides;
      fused->expansion_pads = window.pads;
    }
    if (projection) fused->projection = fused_activation(*projection);
    const auto weights = [&](const Node* conv) { return conv ? conv->inputs[1] : kNoValue; };
    const auto bias = [&](const Node* conv) { return conv ? input_of(*conv, 2) : kNoValue; };
    const ValueId residual = projection ? input_of(*projection, 3) : kNoValue;
    std::vector<ValueId> inputs = {expansion ? expansion->inputs[0] : from,
                                   weights(expansion),
                                   bias(expansion),
                                   weights(&depthwise),
                                   bias(&depthwise),
                                   weights(projection),
                                   bias(projection),
                                   residual};
    if (expansion) edit.remove(static_cast<size_t>(edit.producer(from)));
    // Where the last of them stood: all operands are there.
    Node& last = projection ? *projection : graph.nodes[i];
    if (projection) edit.remove(i);
    last.inputs = std::move(inputs);
    last.op = find_op(Domain::kThane, "BottleneckConv");
    last.attrs = std::move(fused);
  }
  edit.finish();
  return ok();
}

}  // namespace thane
