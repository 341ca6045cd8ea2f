// Zeros that a Pad puts around the data of Convs alone are the Convs' own padding.
#include <algorithm>
#include <optional>

#include "ops/conv/conv.h"
#include "ops/movement/movement.h"
#include "passes/edit.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

bool is_op(const Node& node, std::string_view name) {
  return node.op->domain == Domain::kOnnx && node.op->name == name;
}

// The zeros before and after each axis of `rank`; none where a Pad does anything else.
std::optional<Dims> zeros_around(const Graph& graph, const Node& pad, size_t rank) {
  const auto input = [&](size_t i) { return i < pad.inputs.size() ? pad.inputs[i] : kNoValue; };
  const auto constant = [&](size_t i) { return input(i) == kNoValue ? nullptr : graph.constant(input(i)); };
  if (pad.attrs_as<PadAttrs>().mode != PadMode::kConstant) return std::nullopt;
  if (input(2) != kNoValue) {
    const Tensor* value = float_constant(graph, pad, 2);
    if (!value || value->size() != 1 || value->as_double(0) != 0) return std::nullopt;
  }
  const Tensor *amounts = constant(1), *axes = constant(3);
  if (!amounts || (input(3) != kNoValue && !axes)) return std::nullopt;
  const auto count = axes ? axes->size() : static_cast<int64_t>(rank);
  if (amounts->size() != 2 * count) return std::nullopt;
  Dims out(2 * rank, 0);
  for (int64_t i = 0; i < count; ++i) {
    int64_t axis = axes ? axes->as_int64(i) : i;
    if (axis < 0) axis += static_cast<int64_t>(rank);
    if (axis < 0 || axis >= static_cast<int64_t>(rank)) return std::nullopt;
    out[static_cast<size_t>(axis)] = amounts->as_int64(i);
    out[static_cast<size_t>(axis) + rank] = amounts->as_int64(count + i);
  }
  // Negative ones cut off what the data have.
  return std::any_of(out.begin(), out.end(), [](int64_t v) { return v < 0; }) ? std::nullopt : std::optional(out);
}

// The attributes of a Conv that pads by itself what `pad` gives it; null: it cannot.
std::shared_ptr<const Attrs> padded(const Graph& graph, const Node& pad, const Node& conv) {
  const auto& attrs = conv.attrs_as<ConvAttrs>();
  const Type& type = graph.values[pad.inputs[0]].type;
  if (!type.is_tensor() || type.dtype != DType::kFloat32 || !type.dims || type.dims->size() < 3) return nullptr;
  if (attrs.auto_pad != AutoPad::kNotSet && attrs.auto_pad != AutoPad::kValid) return nullptr;
  const size_t rank = type.dims->size(), spatial = rank - 2;
  const size_t first = attrs.layout == DataLayout::kChannelsLast ? 1 : 2;
  const auto zeros = zeros_around(graph, pad, rank);
  if (!zeros) return nullptr;
  auto out = std::make_shared<ConvAttrs>(attrs);
  out->auto_pad = AutoPad::kNotSet;
  if (attrs.auto_pad == AutoPad::kValid || out->pads.empty()) out->pads.assign(2 * spatial, 0);
  if (out->pads.size() != 2 * spatial) return nullptr;
  for (size_t axis = 0; axis < rank; ++axis) {
    const bool inside = axis >= first && axis < first + spatial;
    for (size_t side = 0; side < 2; ++side) {
      const int64_t amount = (*zeros)[axis + side * rank];
      if (inside)
        out->pads[axis - first + side * spatial] += amount;
      else if (amount != 0)
        return nullptr;
    }
  }
  return out;
}

}  // namespace

Status fold_pads(Graph& graph, const PassOptions&) {
  GraphEdit edit(graph);
  for (Node& conv : graph.nodes) {
    if (!is_op(conv, "Conv")) continue;
    const Node* pad = edit.sole_producer(conv.inputs[0], "Pad");
    if (!pad) continue;
    if (auto attrs = padded(graph, *pad, conv)) {
      edit.remove(static_cast<size_t>(edit.producer(conv.inputs[0])));
      conv.inputs[0] = pad->inputs[0];
      conv.attrs = std::move(attrs);
    }
  }
  edit.finish();
  return ok();
}

}  // namespace thane
