#include "base/format.h"
#include "ops/pool/windows.h"

namespace thane {
namespace {

WindowRounding rounding_of(const PoolAttrs& attrs) {
  return attrs.ceil_mode ? WindowRounding::kCeil : WindowRounding::kFloor;
}

Status check_p(int64_t p) {
  if (p >= 1) return ok();
  return invalid_model(format("p is {}", p)).expecting("at least 1");
}

Status infer_plain(InferContext& context, const PoolAttrs& attrs) {
  THANE_ASSIGN(std::optional<SymDims> dims, infer_pool_dims(attrs, context.dims(0)));
  context.set(0, context.dtype(0), std::move(dims));
  return ok();
}

}  // namespace

Result<std::optional<SymDims>> infer_pool_dims(const PoolAttrs& attrs, const SymDims* x) {
  if (!x) return std::optional<SymDims>();
  if (x->size() < 3) {
    return invalid_model(format("input of shape {}", to_string(*x))).expecting("batch, channels and spatial axes");
  }
  const auto first = static_cast<ptrdiff_t>(first_spatial_axis(attrs.layout));
  const auto rank = static_cast<ptrdiff_t>(x->size()) - 2;
  const SymDims in(x->begin() + first, x->begin() + first + rank);
  const SymDims kernel(attrs.kernel_shape.begin(), attrs.kernel_shape.end());
  THANE_ASSIGN(const SymDims spatial, infer_window(attrs, in, kernel, rounding_of(attrs)));
  SymDims out = *x;
  std::copy(spatial.begin(), spatial.end(), out.begin() + first);
  return std::optional(std::move(out));
}

Result<std::vector<WindowAxis>> resolve_pool(const PoolAttrs& attrs, const Dims& x) {
  const auto first = x.begin() + static_cast<ptrdiff_t>(first_spatial_axis(attrs.layout));
  const Dims in(first, first + static_cast<ptrdiff_t>(x.size()) - 2);
  return resolve_window(attrs, in, attrs.kernel_shape, rounding_of(attrs));
}

Result<Lattice> pool_lattice(const PoolAttrs& attrs, const std::vector<WindowAxis>& axes, const Dims& x) {
  constexpr int64_t kMostTaps = int64_t{1} << 24;
  // Taps that meet the input lie within the input and the way the window makes over it.
  int64_t taps = 1;
  for (const WindowAxis& axis : axes) {
    const int64_t way = axis.in + (axis.out - 1) * axis.stride;
    taps *= std::min(axis.kernel, way / axis.dilation + 1);
    if (taps > kMostTaps) {
      return resource_limit(format("a window of the shape {}", to_string(attrs.kernel_shape)))
          .expecting(format("at most {} elements", kMostTaps));
    }
  }
  const int64_t channels = x[channel_axis(attrs.layout, x.size())];
  return window_lattice(axes, attrs.layout, x[0], channels, channels, 1, TapChoice::kMeeting);
}

Status infer_max_pool(InferContext& context) {
  const auto& attrs = context.attrs<MaxPoolAttrs>();
  if (attrs.storage_order != 0 && attrs.storage_order != 1) {
    return invalid_model(format("storage_order is {}", attrs.storage_order)).expecting("0 or 1");
  }
  THANE_ASSIGN(std::optional<SymDims> dims, infer_pool_dims(attrs, context.dims(0)));
  context.set(1, DType::kInt64, dims);
  context.set(0, context.dtype(0), std::move(dims));
  return ok();
}

Status infer_average_pool(InferContext& context) { return infer_plain(context, context.attrs<AveragePoolAttrs>()); }

Status infer_lp_pool(InferContext& context) {
  THANE_TRY(check_p(context.attrs<LpPoolAttrs>().p));
  return infer_plain(context, context.attrs<LpPoolAttrs>());
}

Status infer_global_pool(InferContext& context) {
  const SymDims* x = context.dims(0);
  if (!x) return context.set(0, context.dtype(0)), ok();
  if (x->size() < 2) {
    return invalid_model(format("input of shape {}", to_string(*x))).expecting("batch, channels and spatial axes");
  }
  const size_t first = first_spatial_axis(context.attrs<GlobalPoolAttrs>().layout);
  SymDims out = *x;
  std::fill_n(out.begin() + static_cast<ptrdiff_t>(first), x->size() - 2, Dim(1));
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status infer_global_lp_pool(InferContext& context) {
  THANE_TRY(check_p(context.attrs<GlobalLpPoolAttrs>().p));
  return infer_global_pool(context);
}

}  // namespace thane
