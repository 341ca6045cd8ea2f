// Shapes of Conv. The last place where the model can be wrong.
#include "base/format.h"
#include "ops/conv/conv.h"

namespace thane {
namespace {

SymDims spatial_of(const SymDims& dims, DataLayout layout) {
  const auto first = dims.begin() + static_cast<ptrdiff_t>(first_spatial_axis(layout));
  return SymDims(first, first + static_cast<ptrdiff_t>(dims.size() - 2));
}

Status check_channels(const ConvAttrs& attrs, const Dim& channels, const Dim& out_channels, const Dim& per_group) {
  if (attrs.group < 1) return invalid_model(format("group is {}", attrs.group)).expecting("at least 1");
  if (per_group.is_number(0)) return invalid_model("the weights have no input channels").expecting("at least one");
  if (channels.is_number() && per_group.is_number() &&
      (channels.number() % attrs.group != 0 || channels.number() / attrs.group != per_group.number())) {
    return invalid_model(format("{} input channels in {} groups for weights of {} channels a group", channels.number(),
                                attrs.group, per_group.number()))
        .expecting("input channels = groups × channels a group");
  }
  if (out_channels.is_number() && out_channels.number() % attrs.group != 0) {
    return invalid_model(format("{} output channels do not divide into {} groups", out_channels.number(), attrs.group));
  }
  return ok();
}

}  // namespace

Status check_kernel_shape(const ConvAttrs& attrs, const SymDims& kernel) {
  if (attrs.kernel_shape.empty()) return ok();
  bool agrees = attrs.kernel_shape.size() == kernel.size();
  for (size_t i = 0; agrees && i < kernel.size(); ++i) {
    agrees = !kernel[i].is_number() || kernel[i].number() == attrs.kernel_shape[i];
  }
  if (agrees) return ok();
  return invalid_model(format("kernel_shape {} differs from the weights'", to_string(attrs.kernel_shape)))
      .expecting(to_string(kernel));
}

Status check_bias(const SymDims* bias, const Dim& out_channels) {
  if (!bias) return ok();
  const bool agrees = bias->size() == 1 && (!(*bias)[0].is_number() || !out_channels.is_number() ||
                                            (*bias)[0].number() == out_channels.number());
  if (agrees) return ok();
  return invalid_model(format("the bias has the shape {}", to_string(*bias)))
      .expecting(format("[{}]", out_channels.to_string()));
}

Result<std::optional<SymDims>> infer_conv_dims(const ConvAttrs& attrs, const SymDims* x, const SymDims* weights,
                                               const SymDims* bias) {
  if (!x || !weights) return std::optional<SymDims>();
  const size_t rank = x->size();
  if (rank < 3 || weights->size() != rank) {
    return invalid_model(format("input {} with weights {}", to_string(*x), to_string(*weights)))
        .expecting("both of the same rank, 3 or more");
  }
  const Dim& out_channels = (*weights)[0];
  const SymDims kernel(weights->begin() + 2, weights->end());
  THANE_TRY(check_channels(attrs, (*x)[channel_axis(attrs.layout, rank)], out_channels, (*weights)[1]));
  THANE_TRY(check_bias(bias, out_channels));
  THANE_TRY(check_kernel_shape(attrs, kernel));
  THANE_ASSIGN(SymDims out, infer_window(attrs, spatial_of(*x, attrs.layout), kernel));
  out.insert(out.begin(), (*x)[0]);
  out.insert(out.begin() + static_cast<ptrdiff_t>(channel_axis(attrs.layout, rank)), out_channels);
  return std::optional(std::move(out));
}

Result<ConvShape> resolve_conv(const ConvAttrs& attrs, const Dims& x, const Dims& weights) {
  const SymDims sym_x = to_symbolic(x), sym_weights = to_symbolic(weights);
  THANE_TRY(infer_conv_dims(attrs, &sym_x, &sym_weights, nullptr));
  ConvShape shape;
  shape.batch = x[0];
  shape.in_channels = x[channel_axis(attrs.layout, x.size())];
  shape.out_channels = weights[0];
  shape.group = attrs.group;
  shape.layout = attrs.layout;
  const Dims in = to_numbers(spatial_of(sym_x, attrs.layout));
  THANE_ASSIGN(shape.axes, resolve_window(attrs, in, Dims(weights.begin() + 2, weights.end())));
  return shape;
}

int64_t ConvShape::in_spatial() const {
  int64_t count = 1;
  for (const WindowAxis& axis : axes) count *= axis.in;
  return count;
}

int64_t ConvShape::out_spatial() const {
  int64_t count = 1;
  for (const WindowAxis& axis : axes) count *= axis.out;
  return count;
}

int64_t ConvShape::taps() const {
  int64_t count = 1;
  for (const WindowAxis& axis : axes) count *= axis.kernel;
  return count;
}

Status infer_conv(InferContext& context) {
  THANE_ASSIGN(std::optional<SymDims> dims,
               infer_conv_dims(context.attrs<ConvAttrs>(), context.dims(0), context.dims(1),
                               context.has_input(2) ? context.dims(2) : nullptr));
  context.set(0, context.dtype(0), std::move(dims));
  return ok();
}

}  // namespace thane
