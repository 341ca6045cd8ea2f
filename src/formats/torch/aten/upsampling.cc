// Resizing pictures, and sampling them at given points.
#include <cmath>

#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace upsampling_ops {
namespace {

struct Method {
  std::string mode, coordinates, nearest;
  bool antialias = false;
};

// The factor of spatial axis i, where the call gives one that fits the size: it then decides which points are sampled.
std::vector<std::optional<double>> given_scales(Call& c, size_t n) {
  std::vector<std::optional<double>> scales(n);
  if (c.has("scale_factors")) {
    const std::vector<double> list = c.reals("scale_factors");
    for (size_t i = 0; i < n && i < list.size(); ++i) scales[i] = list[i];
    return scales;
  }
  static constexpr std::string_view kNames[] = {"scales_d", "scales_h", "scales_w"};
  for (size_t i = 0; i < n; ++i) {
    const std::string_view name = n == 1 && c.declares("scales") ? "scales" : kNames[3 - n + i];
    if (c.has(name)) scales[i] = c.real(name);
  }
  return scales;
}

Value resize(Call& c, Method method, bool align_corners) {
  Edge x = c.edge(c.declares("self") ? "self" : "input");
  const size_t n = c.rank(x) - 2;
  const auto scales = given_scales(c, n);
  AttrMap attrs = {
      {"mode", method.mode},
      {"coordinate_transformation_mode", align_corners ? std::string("align_corners") : method.coordinates}};
  if (!method.nearest.empty()) attrs["nearest_mode"] = method.nearest;
  if (method.mode == "cubic") attrs["cubic_coeff_a"] = method.antialias ? -0.5f : -0.75f;
  if (method.antialias) attrs["antialias"] = int64_t{1}, attrs["exclude_outside"] = int64_t{1};
  const DType dtype = x.dtype();
  const bool nearest = method.mode == "nearest";
  if (!is_float(dtype) && !nearest) x = c.cast(x, DType::kFloat32);

  // Scales say more than sizes, where they give the same ones.
  bool by_scale = !align_corners;
  std::vector<int64_t> sizes;
  if (c.has("output_size")) {
    const std::vector<Value>* items = c["output_size"].items();
    const bool known = c.has_numbers(x);
    for (size_t i = 0; i < n; ++i) {
      const Value& size = items->size() == 1 ? (*items)[0] : items->at(i);
      const int64_t out = size.is_int() ? size.integer() : -1;
      sizes.push_back(out);
      by_scale = by_scale && scales[i] && known && out >= 0 &&
                 static_cast<int64_t>(std::floor(static_cast<double>(c.numbers(x)[i + 2]) * *scales[i])) == out;
    }
  } else {
    for (size_t i = 0; i < n; ++i) {
      if (!scales[i]) c.refuse("resizing without sizes or factors");
    }
    if (c.has_numbers(x)) {
      for (size_t i = 0; i < n; ++i) {
        sizes.push_back(static_cast<int64_t>(std::floor(static_cast<double>(c.numbers(x)[i + 2]) * *scales[i])));
      }
    } else {
      by_scale = true;
    }
  }
  Edge y;
  if (by_scale) {
    thane::Tensor factors = must(thane::Tensor::allocate(DType::kFloat32, {static_cast<int64_t>(n) + 2}));
    for (size_t i = 0; i < n + 2; ++i) factors.data<float>()[i] = i < 2 ? 1.0f : static_cast<float>(*scales[i - 2]);
    const Edge edge = c.constant(std::move(factors));
    // float32 factors may miss the size that doubles give.
    y = c.op("Resize", {x, Edge{}, edge}, attrs);
    if (!sizes.empty() && c.has_numbers(y)) {
      for (size_t i = 0; i < n; ++i) by_scale = by_scale && c.numbers(y)[i + 2] == sizes[i];
    }
  }
  if (!by_scale) {
    Edge shape = c.slice(c.shape(x), 0, 0, 2);
    const Edge wanted =
        c.has("output_size") ? c.shape_edge(c["output_size"]) : c.int64s(Dims(sizes.begin(), sizes.end()));
    y = c.op("Resize", {x, Edge{}, Edge{}, c.concat({shape, wanted}, 0)}, attrs);
  }
  if (!is_float(dtype) && !nearest) {
    y = c.op("Clip", {c.op("Floor", {c.add(y, 0.5)}), c.like(0, y), c.like(255, y)});
    y = c.cast(y, dtype);
  }
  return c.tensor(y);
}
Value nearest(Call& c) { return resize(c, {"nearest", "asymmetric", "floor"}, false); }
Value nearest_exact(Call& c) { return resize(c, {"nearest", "half_pixel", "round_prefer_ceil"}, false); }
Value linear(Call& c) { return resize(c, {"linear", "half_pixel", ""}, c.flag("align_corners")); }
Value cubic(Call& c) { return resize(c, {"cubic", "half_pixel", ""}, c.flag("align_corners")); }
Value linear_antialias(Call& c) { return resize(c, {"linear", "half_pixel", "", true}, c.flag("align_corners")); }
Value cubic_antialias(Call& c) { return resize(c, {"cubic", "half_pixel", "", true}, c.flag("align_corners")); }

Value grid_sample(Call& c) {
  static constexpr std::string_view kModes[] = {"linear", "nearest", "cubic"};
  static constexpr std::string_view kPadding[] = {"zeros", "border", "reflection"};
  const int64_t mode = c.integer("interpolation_mode"), padding = c.integer("padding_mode");
  if (mode < 0 || mode > 2 || padding < 0 || padding > 2) c.refuse("this way of sampling");
  return c.tensor(c.op("GridSample", {c.edge("input"), c.edge("grid")},
                       {{"mode", std::string(kModes[mode])},
                        {"padding_mode", std::string(kPadding[padding])},
                        {"align_corners", int64_t{c.flag("align_corners")}}}));
}
Value affine_grid(Call& c) {
  return c.tensor(c.op("AffineGrid", {c.edge("theta"), c.shape_edge(c["size"])},
                       {{"align_corners", int64_t{c.flag("align_corners")}}}));
}

constexpr Row kRows[] = {
    {"upsample_nearest1d", nearest},
    {"upsample_nearest2d", nearest},
    {"upsample_nearest3d", nearest},
    {"_upsample_nearest_exact1d", nearest_exact},
    {"_upsample_nearest_exact2d", nearest_exact},
    {"_upsample_nearest_exact3d", nearest_exact},
    {"upsample_linear1d", linear},
    {"upsample_bilinear2d", linear},
    {"upsample_trilinear3d", linear},
    {"upsample_bicubic2d", cubic},
    {"_upsample_bilinear2d_aa", linear_antialias},
    {"_upsample_bicubic2d_aa", cubic_antialias},
    {"grid_sampler", grid_sample},
    {"grid_sampler_2d", grid_sample},
    {"grid_sampler_3d", grid_sample},
    {"affine_grid_generator", affine_grid},
};

}  // namespace
}  // namespace upsampling_ops

std::span<const Row> upsampling_rows() { return upsampling_ops::kRows; }

}  // namespace thane::aten
