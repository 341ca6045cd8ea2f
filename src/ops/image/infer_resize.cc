// What Resize makes of each axis, and its output shape.
#include <cmath>

#include "base/format.h"
#include "ops/image/resize.h"
#include "ops/shape_values.h"

namespace thane {
Result<std::vector<size_t>> listed_axes(const ResizeAttrs& attrs, size_t rank) {
  if (attrs.axes) return normalize_axes(*attrs.axes, rank);
  std::vector<size_t> all(rank);
  for (size_t i = 0; i < rank; ++i) all[i] = i;
  return all;
}

namespace {

Status check_count(std::string_view what, int64_t found, size_t expected) {
  if (found == static_cast<int64_t>(expected)) return ok();
  return invalid_model(format("{} has {} values", what, found)).expecting(format("{}, one per axis", expected));
}

Result<int64_t> scaled(int64_t in, float scale) {
  const float out = std::floor(static_cast<float>(in) * scale);
  if (!(scale > 0) || !(out < 9e15f)) {
    return invalid_model(format("{} elements scaled by {}", in, scale)).expecting("a positive scale");
  }
  return static_cast<int64_t>(out);
}

// The common scale of all listed axes, when the ratio of the sides is to be kept.
float common_scale(const ResizeAttrs& attrs, const std::vector<size_t>& listed, const Dims& in, const Dims& sizes) {
  float scale = 0;
  for (size_t i = 0; i < listed.size(); ++i) {
    const float own = static_cast<float>(sizes[i]) / static_cast<float>(in[listed[i]]);
    if (i == 0 || (attrs.aspect_policy == AspectPolicy::kNotLarger ? own < scale : own > scale)) scale = own;
  }
  return scale;
}

}  // namespace

Result<std::vector<ResizeAxis>> settle_axes(const ResizeAttrs& attrs, const Dims& in, const Tensor* scales,
                                            const std::optional<Dims>& sizes) {
  THANE_ASSIGN(const auto listed, listed_axes(attrs, in.size()));
  THANE_TRY(check_count(scales ? "scales" : "sizes", scales ? scales->size() : static_cast<int64_t>(sizes->size()),
                        listed.size()));
  std::vector<ResizeAxis> axes(in.size());
  for (size_t i = 0; i < in.size(); ++i) axes[i] = {.in = in[i], .out = in[i], .out_length = static_cast<float>(in[i])};
  const bool keep_aspect = sizes && attrs.aspect_policy != AspectPolicy::kStretch;
  for (size_t i = 0; i < listed.size(); ++i) {
    ResizeAxis& axis = axes[listed[i]];
    const auto length = static_cast<float>(axis.in);
    if (scales) {
      axis.scale = static_cast<float>(scales->as_double(static_cast<int64_t>(i)));
      THANE_ASSIGN(axis.out, scaled(axis.in, axis.scale));
      axis.out_length = axis.scale * length;
    } else if (axis.in == 0) {
      axis.out = (*sizes)[i];
    } else if (keep_aspect) {
      axis.scale = common_scale(attrs, listed, in, *sizes);
      const float out = std::floor(axis.scale * length + 0.5f);
      if (!(out >= 0 && out < 9e15f)) return invalid_model(format("sizes {}", to_string(*sizes)));
      axis.out = static_cast<int64_t>(out);
      axis.out_length = axis.scale * length;
    } else {
      axis.out = (*sizes)[i];
      axis.scale = static_cast<float>(axis.out) / length;
      axis.out_length = static_cast<float>(axis.out);
    }
    if (axis.out < 0 || (axis.in == 0 && axis.out > 0)) {
      return invalid_model(format("{} elements resized to {}", axis.in, axis.out))
          .expecting("a size that is not negative");
    }
  }
  return axes;
}

namespace {

Status check_attrs(const InferContext& context, const ResizeAttrs& attrs) {
  if (attrs.mode == ResizeMode::kNearest) return ok();
  if (!(mask_of(context.dtype(kX)) & kNumeric)) {
    return unsupported(format("interpolation of {}", dtype_name(context.dtype(kX))))
        .expecting("numbers, or mode nearest");
  }
  return ok();
}

// Present, and not the empty tensor that older models write for an absent one.
bool given(const InferContext& context, size_t i) {
  return context.has_input(i) && known_length(context, i) != std::optional<size_t>(0);
}

// Symbolic sizes pass straight through.
Status set_symbolic(InferContext& context, const ResizeAttrs& attrs, const SymDims& x, const DimValues* sizes) {
  THANE_ASSIGN(const auto listed, listed_axes(attrs, x.size()));
  SymDims out = x;
  for (size_t i = 0; i < listed.size(); ++i) {
    const bool known = sizes && sizes->size() == listed.size() && attrs.aspect_policy == AspectPolicy::kStretch;
    out[listed[i]] = known ? (*sizes)[i] : Dim();
  }
  context.set(0, context.dtype(kX), std::move(out));
  return ok();
}

// Scales are known, but not every length: an axis that is not scaled keeps its symbol.
Status set_scaled(InferContext& context, const ResizeAttrs& attrs, const SymDims& x, const Tensor& scales) {
  THANE_ASSIGN(const auto listed, listed_axes(attrs, x.size()));
  THANE_TRY(check_count("scales", scales.size(), listed.size()));
  SymDims out = x;
  for (size_t i = 0; i < listed.size(); ++i) {
    Dim& dim = out[listed[i]];
    const auto scale = static_cast<float>(scales.as_double(static_cast<int64_t>(i)));
    if (dim.is_number()) {
      THANE_ASSIGN(const int64_t length, scaled(dim.number(), scale));
      dim = length;
    } else if (scale >= 1 && scale < 1e6f && scale == std::floor(scale)) {
      dim = dim * static_cast<int64_t>(scale);
    } else {
      dim = Dim();
    }
  }
  context.set(0, context.dtype(kX), std::move(out));
  return ok();
}

}  // namespace

Status infer_resize(InferContext& context) {
  const auto& attrs = context.attrs<ResizeAttrs>();
  THANE_TRY(check_attrs(context, attrs));
  const SymDims* x = context.dims(kX);
  const bool by_scales = given(context, kScales), by_sizes = given(context, kSizes);
  if (!by_scales && !by_sizes) {
    return invalid_model("neither scales nor sizes are given").expecting("one of them");
  }
  if (!x) return context.set(0, context.dtype(kX)), ok();
  // Both may be present at import, when the length of one of them is not known.
  if (by_scales && by_sizes) {
    if (known_length(context, kScales) && known_length(context, kSizes)) {
      return invalid_model("both scales and sizes are given").expecting("one of them");
    }
    return set_symbolic(context, attrs, *x, nullptr);
  }
  const Tensor* scales = by_scales ? context.value(kScales) : nullptr;
  THANE_ASSIGN(const auto sizes, known_dims(context, kSizes, "sizes"));
  if (by_scales ? !scales : !sizes) return set_symbolic(context, attrs, *x, nullptr);
  if (by_scales && !all_numbers(*x)) return set_scaled(context, attrs, *x, *scales);
  if (by_sizes && (!all_numbers(*x) || !all_numbers(*sizes))) return set_symbolic(context, attrs, *x, &*sizes);
  THANE_ASSIGN(const auto axes, settle_axes(attrs, to_numbers(*x), scales,
                                            by_scales ? std::nullopt : std::optional(to_numbers(*sizes))));
  SymDims out;
  for (const ResizeAxis& axis : axes) out.push_back(axis.out);
  context.set(0, context.dtype(kX), std::move(out));
  return ok();
}

}  // namespace thane
