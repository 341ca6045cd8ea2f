// Images: resizing, colours, decoding.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/format.h"
#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace image_ops {
namespace {

std::string coordinates(const Call& call) {
  if (call.b("align_corners")) return "align_corners";
  return call.b("half_pixel_centers") ? "half_pixel" : "asymmetric";
}

Edge resized(Call& call, const Edge& x, AttrMap attrs) {
  attrs.emplace("axes", Dims{1, 2});
  return call.emit("Resize", {x, {}, {}, call.to_int64(call.in(1))}, std::move(attrs));
}
Edge as_float(Call& call, const Edge& x) {
  return call.dtype(x) == DType::kFloat64 ? call.cast(x, DType::kFloat32) : call.cast(x, DType::kFloat32);
}

void bilinear(Call& call) {
  call.out(resized(call, as_float(call, call.in(0)),
                   {{"mode", std::string("linear")}, {"coordinate_transformation_mode", coordinates(call)}}));
}
void nearest(Call& call) {
  std::string mode = coordinates(call);
  std::string rounding = "floor";
  if (mode == "half_pixel") mode = "tf_half_pixel_for_nn";
  if (mode == "align_corners") rounding = "round_prefer_ceil";
  call.out(resized(
      call, call.in(0),
      {{"mode", std::string("nearest")}, {"coordinate_transformation_mode", mode}, {"nearest_mode", rounding}}));
}
void bicubic(Call& call) {
  AttrMap attrs = {{"mode", std::string("cubic")}, {"coordinate_transformation_mode", coordinates(call)}};
  // With half pixels Keys' kernel with -1/2, whose weights outside the image go to those within.
  if (call.b("half_pixel_centers")) {
    attrs.emplace("cubic_coeff_a", -0.5f);
    attrs.emplace("exclude_outside", int64_t{1});
  }
  call.out(resized(call, as_float(call, call.in(0)), std::move(attrs)));
}

// y[:, i, j] = Σ rows[i, h] · x[:, h, w] · columns[j, w]
Edge weighted(Call& call, const Edge& x, const Tensor& rows, const Tensor& columns) {
  const Edge r = call.constant(rows), c = call.constant(columns);
  const Edge half = call.emit("Einsum", {r, as_float(call, x)}, {{"equation", std::string("ih,bhwc->biwc")}});
  return call.emit("Einsum", {c, half}, {{"equation", std::string("jw,biwc->bijc")}});
}

struct Sizes {
  int64_t in[2], out[2];
};
std::optional<Sizes> sizes_of(Call& call) {
  const Dims wanted = call.need_ints(1);
  const Edge x = call.in(0);
  const Dim h = call.dim(x, 1), w = call.dim(x, 2);
  if (call.failed()) return std::nullopt;
  if (!h.is_number() || !w.is_number()) {
    call.need_shapes("the size of its image is not known before running");
    return std::nullopt;
  }
  if (wanted.size() != 2 || h.number() <= 0 || w.number() <= 0 || wanted[0] <= 0 || wanted[1] <= 0 ||
      std::max({h.number(), w.number(), wanted[0], wanted[1]}) > 16384) {
    call.fail(invalid_model("an impossible image size"));
    return std::nullopt;
  }
  return Sizes{{h.number(), w.number()}, {wanted[0], wanted[1]}};
}

void area(Call& call) {
  const auto sizes = sizes_of(call);
  if (!sizes) return;
  Tensor weights[2];
  for (size_t axis = 0; axis < 2; ++axis) {
    const int64_t in = sizes->in[axis], out = sizes->out[axis];
    const bool aligned = call.b("align_corners") && out > 1;
    const float scale = aligned ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                                : static_cast<float>(in) / static_cast<float>(out);
    weights[axis] = Tensor::must_allocate(DType::kFloat32, {out, in});
    float* w = weights[axis].data<float>();
    std::fill_n(w, out * in, 0.0f);
    for (int64_t i = 0; i < out; ++i) {
      const float begin = static_cast<float>(i) * scale, end = static_cast<float>(i + 1) * scale;
      for (auto at = static_cast<int64_t>(std::floor(begin)); static_cast<float>(at) < end; ++at) {
        const float from = std::max(begin, static_cast<float>(at)), to = std::min(end, static_cast<float>(at + 1));
        w[i * in + std::clamp<int64_t>(at, 0, in - 1)] += (to - from) / scale;
      }
    }
  }
  call.out(weighted(call, call.in(0), weights[0], weights[1]));
}

// --- ScaleAndTranslate: resampling with a kernel, what antialiased resizing becomes
// --------------------------------------

double sinc(double x) { return x == 0 ? 1 : std::sin(M_PI * x) / (M_PI * x); }
double kernel_value(std::string_view kind, double x) {
  x = std::fabs(x);
  if (kind == "box") return x < 0.5 ? 1 : x == 0.5 ? 0.5 : 0;
  if (kind == "triangle") return x < 1 ? 1 - x : 0;
  if (kind == "lanczos1") return x < 1 ? sinc(x) * sinc(x) : 0;
  if (kind == "lanczos3") return x < 3 ? sinc(x) * sinc(x / 3) : 0;
  if (kind == "lanczos5") return x < 5 ? sinc(x) * sinc(x / 5) : 0;
  if (kind == "gaussian") return x < 1.5 ? std::exp(-2 * x * x) : 0;
  if (kind == "keyscubic") {
    if (x < 1) return ((1.5 * x - 2.5) * x) * x + 1;
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
  }
  // mitchellcubic
  if (x < 1) return (((7.0 / 6.0) * x - 2.0) * x) * x + 8.0 / 9.0;
  return x < 2 ? (((-7.0 / 18.0) * x + 2.0) * x - 10.0 / 3.0) * x + 16.0 / 9.0 : 0;
}
double kernel_radius(std::string_view kind) {
  if (kind == "box") return 0.5;
  if (kind == "triangle" || kind == "lanczos1") return 1;
  if (kind == "lanczos3") return 3;
  if (kind == "lanczos5") return 5;
  if (kind == "gaussian") return 1.5;
  return 2;
}

void scale_and_translate(Call& call) {
  const auto sizes = sizes_of(call);
  const Edge scales_edge = call.in(2), shifts_edge = call.in(3);
  if (!sizes || call.failed()) return;
  const Tensor scales = call.take(call.frame.importer.compute(scales_edge)),
               shifts = call.take(call.frame.importer.compute(shifts_edge));
  if (call.failed()) return;
  if (scales.size() != 2 || shifts.size() != 2) return call.fail(invalid_model("scale or translation is no pair"));
  const std::string kind = call.s("kernel_type", "lanczos3");
  const bool antialias = call.b("antialias", true);
  Tensor weights[2];
  for (size_t axis = 0; axis < 2; ++axis) {
    const int64_t in = sizes->in[axis], out = sizes->out[axis];
    const double inverse = 1 / scales.as_double(static_cast<int64_t>(axis)),
                 shift = shifts.as_double(static_cast<int64_t>(axis));
    const double kernel_scale = antialias ? std::max(inverse, 1.0) : 1.0;
    weights[axis] = Tensor::must_allocate(DType::kFloat32, {out, in});
    float* w = weights[axis].data<float>();
    std::fill_n(w, out * in, 0.0f);
    for (int64_t i = 0; i < out; ++i) {
      const double sample = (static_cast<double>(i) + 0.5) * inverse - shift * inverse;
      if (sample < 0 || sample > static_cast<double>(in)) continue;
      const double reach = kernel_radius(kind) * kernel_scale;
      const auto first = std::clamp<int64_t>(static_cast<int64_t>(std::ceil(sample - reach - 0.5)), 0, in - 1);
      const auto last = std::clamp<int64_t>(static_cast<int64_t>(std::floor(sample + reach - 0.5)), 0, in - 1);
      double total = 0;
      std::vector<double> row;
      for (int64_t at = first; at <= last; ++at) {
        row.push_back(kernel_value(kind, (static_cast<double>(at) + 0.5 - sample) / kernel_scale));
        total += row.back();
      }
      if (std::fabs(total) < 1000 * std::numeric_limits<float>::min()) continue;
      for (int64_t at = first; at <= last; ++at)
        w[i * in + at] = static_cast<float>(row[static_cast<size_t>(at - first)] / total);
    }
  }
  call.out(weighted(call, call.in(0), weights[0], weights[1]));
}

void crop_and_resize(Call& call) {
  const Edge x = as_float(call, call.in(0));
  AttrMap attrs = {{"mode", call.s("method", "bilinear")},
                   {"extrapolation_value", static_cast<float>(call.f("extrapolation_value"))},
                   {"layout", std::string("channels_last")}};
  call.out(call.own("CropAndResize",
                    {x, call.in(1), call.cast(call.in(2), DType::kInt32), call.cast(call.in(3), DType::kInt32)},
                    attrs));
}

// Patches of an image, each laid out along the last axis.
void extract_patches(Call& call) {
  const Edge x = call.in(0);
  const Dims sizes = call.ints("ksizes"), strides = call.ints("strides"), rates = call.ints("rates");
  const Dim h = call.dim(x, 1), w = call.dim(x, 2);
  if (call.failed()) return;
  if (sizes.size() != 4 || strides.size() != 4 || rates.size() != 4)
    return call.fail(invalid_model("a list of a wrong length"));
  if (!h.is_number() || !w.is_number()) return call.need_shapes("the size of its image is not known before running");
  const int64_t in[2] = {h.number(), w.number()};
  int64_t out[2];
  Dims pads(8, 0);
  for (size_t i = 0; i < 2; ++i) {
    const int64_t extent = (sizes[i + 1] - 1) * rates[i + 1] + 1, stride = strides[i + 1];
    if (stride < 1 || extent < 1) return call.fail(invalid_model("a stride or size below 1"));
    if (call.s("padding") == "SAME") {
      out[i] = (in[i] + stride - 1) / stride;
      const int64_t total = std::max<int64_t>(0, (out[i] - 1) * stride + extent - in[i]);
      pads[1 + i] = total / 2;
      pads[5 + i] = total - total / 2;
    } else {
      out[i] = in[i] < extent ? 0 : (in[i] - extent) / stride + 1;
    }
  }
  if (sizes[1] * sizes[2] > 4096) return call.fail(unsupported("patches of more than 4096 pixels"));
  const Edge padded = call.emit("Pad", {x, call.ints_edge(pads)});
  std::vector<Edge> parts;
  for (int64_t r = 0; r < sizes[1]; ++r) {
    for (int64_t c = 0; c < sizes[2]; ++c) {
      const int64_t top = r * rates[1], left = c * rates[2];
      parts.push_back(call.slice(padded, {top, left},
                                 {top + (out[0] - 1) * strides[1] + 1, left + (out[1] - 1) * strides[2] + 1}, {1, 2},
                                 {strides[1], strides[2]}));
    }
  }
  call.out(call.concat(parts, 3));
}

// --- colours ---------------------------------------------------------------------------------------------------------

Edge channel(Call& call, const Edge& x, int64_t i) { return call.slice(x, {i}, {i + 1}, {-1}); }
Edge where(Call& call, const Edge& condition, const Edge& a, const Edge& b) {
  return call.emit("Where", {condition, a, b});
}

void rgb_to_hsv(Call& call) {
  const Edge x = call.in(0);
  const Edge r = channel(call, x, 0), g = channel(call, x, 1), b = channel(call, x, 2);
  const Edge value = call.reduce("ReduceMax", x, {-1}, true),
             range = call.sub(value, call.reduce("ReduceMin", x, {-1}, true));
  const Edge zero = call.like(0, x);
  const Edge saturation = where(call, call.emit("Greater", {value, zero}), call.div(range, value), zero);
  const Edge norm = call.div(call.like(1.0 / 6, x), range);
  const Edge from_red = call.mul(norm, call.sub(g, b));
  const Edge from_green = call.add(call.mul(norm, call.sub(b, r)), call.like(2.0 / 6, x));
  const Edge from_blue = call.add(call.mul(norm, call.sub(r, g)), call.like(4.0 / 6, x));
  Edge hue = where(call, call.emit("Equal", {r, value}), from_red,
                   where(call, call.emit("Equal", {g, value}), from_green, from_blue));
  hue = where(call, call.emit("Greater", {range, zero}), hue, zero);
  hue = where(call, call.emit("Less", {hue, zero}), call.add(hue, call.like(1, x)), hue);
  call.out(call.concat({hue, saturation, value}, -1));
}
void hsv_to_rgb(Call& call) {
  const Edge x = call.in(0);
  const Edge h = call.mul(channel(call, x, 0), call.like(6, x)), s = channel(call, x, 1), v = channel(call, x, 2);
  const auto clamp = [&](const Edge& edge) { return call.emit("Clip", {edge, call.like(0, x), call.like(1, x)}); };
  const auto far = [&](double from) { return call.emit("Abs", {call.sub(h, call.like(from, x))}); };
  const Edge red = clamp(call.sub(far(3), call.like(1, x)));
  const Edge green = clamp(call.sub(call.like(2, x), far(2)));
  const Edge blue = clamp(call.sub(call.like(2, x), far(4)));
  const Edge rest = call.sub(call.like(1, x), s);
  const auto mixed = [&](const Edge& part) { return call.mul(call.add(rest, call.mul(s, part)), v); };
  call.out(call.concat({mixed(red), mixed(green), mixed(blue)}, -1));
}

void adjust_contrast(Call& call) {
  const Edge x = call.in(0);
  const Edge mean = call.reduce("ReduceMean", x, {-3, -2}, true);
  call.out(call.add(call.mul(call.sub(x, mean), call.cast(call.in(1), call.dtype(x))), mean));
}

// --- decoding --------------------------------------------------------------------------------------------------------

void decode_image(Call& call) {
  const int64_t channels = call.i("channels");
  const DType type = call.type("dtype", DType::kUInt8);
  if (type != DType::kUInt8) return call.fail(unsupported(format("pictures decoded as {}", dtype_name(type))));
  const Edge bytes = call.own("StringBytes", {call.in(0)}, {{"dtype", static_cast<int64_t>(DType::kUInt8)}});
  const Edge y =
      call.emit("ImageDecoder", {bytes}, {{"pixel_format", std::string(channels == 1 ? "Grayscale" : "RGB")}});
  if (channels == 4) return call.fail(unsupported("pictures with four channels"));
  call.out(y);
}
void decode_raw(Call& call) {
  const DType type = call.type("out_type");
  if (!call.b("little_endian", true) && dtype_size(type) > 1) return call.fail(unsupported("big-endian data"));
  call.out(call.own("StringBytes", {call.in(0)}, {{"dtype", static_cast<int64_t>(type)}}));
}

constexpr OpRow kRows[] = {
    {"ResizeBilinear", bilinear},
    {"ResizeNearestNeighbor", nearest},
    {"ResizeBicubic", bicubic},
    {"ResizeArea", area},
    {"ScaleAndTranslate", scale_and_translate},
    {"CropAndResize", crop_and_resize},
    {"ExtractImagePatches", extract_patches},
    {"RGBToHSV", rgb_to_hsv},
    {"HSVToRGB", hsv_to_rgb},
    {"AdjustContrastv2", adjust_contrast},
    {"DecodeJpeg", decode_image},
    {"DecodePng", decode_image},
    {"DecodeBmp", decode_image},
    {"DecodeImage", decode_image},
    {"DecodeRaw", decode_raw},
};

}  // namespace
}  // namespace image_ops

std::span<const OpRow> image_rows() { return image_ops::kRows; }

}  // namespace thane::tensorflow
