// Constant factors and addends beside a Conv with constant weights move into its weights and bias. After it: one
// number, or one per channel. Before it: one number; an addend only where no padding is, which it would have to reach,
// too.
#include <algorithm>
#include <optional>

#include "ops/conv/conv.h"
#include "passes/conv_weights.h"
#include "passes/rewrites.h"

namespace thane {
namespace {

// y = x ∘ constant.
struct Step {
  bool multiplies = false;
  ValueId x = kNoValue;
  const Tensor* constant = nullptr;
};

std::optional<Step> step_of(const Graph& graph, const Node& node) {
  if (node.op->domain != Domain::kOnnx || (node.op->name != "Mul" && node.op->name != "Add")) return std::nullopt;
  for (size_t side = 0; side < 2; ++side) {
    const Tensor* constant = float_constant(graph, node, side);
    if (constant) return Step{node.op->name == "Mul", node.inputs[1 - side], constant};
  }
  return std::nullopt;
}

// Whether the constant is one number, or one per channel of what a Conv makes, a value of `rank` axes.
bool is_per_channel(const Tensor& constant, const Node& conv, const ConvParts& parts) {
  const size_t rank = parts.weights->rank();
  const size_t behind = conv.attrs_as<ConvAttrs>().layout == DataLayout::kChannelsLast ? 1 : rank - 1;  // axes, with it
  if (constant.rank() > rank) return false;
  if (constant.size() == 1) return true;
  return constant.size() == parts.channels && constant.rank() >= behind &&
         constant.dim(constant.rank() - behind) == parts.channels;
}

// A step that alone reads what the Conv makes. True: taken in.
Result<bool> take_following(Graph& graph, GraphEdit& edit, Node& node, const Step& step) {
  Node* conv = edit.sole_producer(step.x, "Conv");
  const auto parts = conv ? conv_parts(graph, *conv) : std::nullopt;
  if (!parts || !is_per_channel(*step.constant, *conv, *parts)) return false;
  const auto value = [&](int64_t c) { return step.constant->as_double(step.constant->size() == 1 ? 0 : c); };
  if (step.multiplies) {
    THANE_TRY(rewrite_conv(graph, *conv, *parts, value, [&](int64_t c, double b) { return b * value(c); }));
  } else {
    THANE_TRY(rewrite_conv(
        graph, *conv, *parts, [](int64_t) { return 1.0; }, [&](int64_t c, double b) { return b + value(c); }));
  }
  edit.remove(static_cast<size_t>(edit.producer(node.outputs[0])));
  conv->outputs[0] = node.outputs[0];  // keeps the name a graph output may have
  return true;
}

bool has_padding(const ConvAttrs& attrs) {
  if (attrs.auto_pad != AutoPad::kNotSet && attrs.auto_pad != AutoPad::kValid) return true;
  return std::any_of(attrs.pads.begin(), attrs.pads.end(), [](int64_t pad) { return pad != 0; });
}

// A step whose result only the Conv reads. True: taken in.
Result<bool> take_preceding(Graph& graph, GraphEdit& edit, Node& conv) {
  const ValueId x = conv.inputs[0];
  if (edit.producer(x) < 0 || edit.uses(x) != 1 || edit.is_output(x)) return false;
  const auto index = static_cast<size_t>(edit.producer(x));
  if (edit.removed(index)) return false;
  const auto step = step_of(graph, graph.nodes[index]);
  const auto parts = conv_parts(graph, conv);
  if (!step || !parts || step->constant->size() != 1 || step->constant->rank() > parts->weights->rank()) return false;
  const Type& type = graph.values[step->x].type;
  if (!type.is_tensor() || !type.dims || type.dims->size() != parts->weights->rank()) return false;
  const double value = step->constant->as_double(0);
  if (step->multiplies) {
    THANE_TRY(rewrite_conv(
        graph, conv, *parts, [&](int64_t) { return value; }, [](int64_t, double b) { return b; }));
  } else {
    if (has_padding(conv.attrs_as<ConvAttrs>())) return false;
    THANE_TRY(rewrite_conv(
        graph, conv, *parts, [](int64_t) { return 1.0; },
        [&](int64_t c, double b) {
          double sum = 0;
          for (int64_t i = c * parts->row; i < (c + 1) * parts->row; ++i) sum += parts->weights->as_double(i);
          return b + value * sum;
        }));
  }
  conv.inputs[0] = step->x;
  edit.remove(index);
  return true;
}

Result<bool> sweep(Graph& graph) {
  GraphEdit edit(graph);
  bool changed = false;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    Node& node = graph.nodes[n];
    bool taken = false;
    if (node.op->domain == Domain::kOnnx && node.op->name == "Conv") {
      THANE_ASSIGN(taken, take_preceding(graph, edit, node));
    } else if (const auto step = step_of(graph, node)) {
      THANE_ASSIGN(taken, take_following(graph, edit, node, *step));
    }
    changed |= taken;
  }
  edit.finish();
  return changed;
}

}  // namespace

Status fold_scales(Graph& graph, const PassOptions& options) {
  if (options.precision == Precision::kExact) return ok();
  constexpr int kMostSteps = 8;  // in a row
  for (int i = 0; i < kMostSteps; ++i) {
    THANE_ASSIGN(const bool changed, sweep(graph));
    if (!changed) break;
  }
  return ok();
}

}  // namespace thane
