// Poolings, resampling, normalization over channels.
#include "formats/tflite/builtins.h"
#include "formats/tflite/fixed_point.h"
#include "formats/tflite/hybrid.h"

namespace thane::tflite {
namespace image_ops {
namespace {

Window pool_window(const Table& options) {
  return {.valid = options.number<int8_t>(0) == 1,
          .strides = {options.number<int32_t>(2), options.number<int32_t>(1)},
          .dilations = {},
          .activation = options.number<int8_t>(5)};
}
AttrMap pool_attrs(Op& op, const Window& window) {
  const Dims kernel = {op.options().number<int32_t>(4), op.options().number<int32_t>(3)};
  op.check(kernel[0] > 0 && kernel[1] > 0, "an empty pooling window");
  AttrMap attrs = window.attrs(op);
  attrs["kernel_shape"] = kernel;
  return attrs;
}

void lower_average_pool(Op& op) {
  const Window window = pool_window(op.options());
  if (has_fixed_point(op)) return lower_fixed_average_pool(op, pool_attrs(op, window), window.activation);
  op.done(op.activated(op("AveragePool", {op.in(0)}, pool_attrs(op, window)), window.activation));
}

void lower_max_pool(Op& op) {
  const Window window = pool_window(op.options());
  const Edge x = op.raw(0);
  if (!is_quantized(op.tensor(0))) {
    return op.done(op.activated(op("MaxPool", {x}, pool_attrs(op, window)), window.activation));
  }
  // The same integers, clamped; pooling knows no int16.
  const bool wide = x.dtype() == DType::kInt16;
  Edge y = op("MaxPool", {wide ? op.cast(x, DType::kFloat32) : x}, pool_attrs(op, window));
  if (wide) y = op.cast(y, DType::kInt16);
  const IntegerRange range = activation_range(op, op.result(), window.activation);
  if (window.activation != 0) y = op("Clip", {y, op.scalar_like(range.low, y), op.scalar_like(range.high, y)});
  op.set_raw(0, y);
}

void lower_l2_pool(Op& op) {
  const Window window = pool_window(op.options());
  const Edge x = op.in(0);
  const Edge mean = op("AveragePool", {op("Mul", {x, x})}, pool_attrs(op, window));
  op.done(op.activated(op("Sqrt", {mean}), window.activation));
}

void lower_l2_normalization(Op& op) {
  const int activation = op.options().number<int8_t>(0);
  if (has_fixed_point(op)) return lower_fixed_l2_normalization(op);
  const Edge x = op.in(0);
  const Edge sum = op("ReduceSumSquare", {x, op.list({-1})});
  // As TensorFlow Lite, which keeps away from dividing by nothing.
  const Edge norm = op("Max", {op("Sqrt", {sum}), op.scalar_like(1e-6, x)});
  op.done(op.activated(op("Div", {x, norm}), activation));
}

void lower_local_response_normalization(Op& op) {
  const Table options = op.options();
  const auto radius = options.number<int32_t>(0);
  const Edge x = op.in(0);
  if (!op.check(op.rank(x) == 4 && radius >= 0 && radius < 1 << 20, "a local response normalization of this form"))
    return;
  const int64_t size = 2 * int64_t{radius} + 1;
  AttrMap attrs;
  attrs["size"] = size;
  attrs["bias"] = options.number<float>(1);
  attrs["alpha"] = options.number<float>(2) * static_cast<float>(size);  // ONNX divides by the size
  attrs["beta"] = options.number<float>(3);
  const Edge y = op("LRN", {op.transpose(x, {0, 3, 1, 2})}, std::move(attrs));
  op.done(op.transpose(y, {0, 2, 3, 1}));
}

Edge full_sizes(Op& op, const Edge& x, const Edge& sizes) {
  const Edge shape = op.shape(x);
  const Edge batch = op("Slice", {shape, op.list({0}), op.list({1})});
  const Edge channels = op("Slice", {shape, op.list({3}), op.list({4})});
  return op("Concat", {batch, op.to_int64(sizes), channels}, {{"axis", int64_t{0}}});
}

void lower_resize_bilinear(Op& op) {
  const bool align = op.options().flag(2), half = op.options().flag(3);
  const Edge x = op.raw(0);
  if (!op.check(op.rank(x) == 4, "pictures that are not of rank 4")) return;
  if (has_fixed_point(op)) return lower_fixed_resize(op, align, half);
  AttrMap attrs;
  attrs["mode"] = std::string("linear");
  attrs["coordinate_transformation_mode"] = std::string(align ? "align_corners" : half ? "half_pixel" : "asymmetric");
  op.done(op("Resize", {op.in(0), {}, {}, full_sizes(op, x, op.raw(1))}, std::move(attrs)));
}

void lower_resize_nearest(Op& op) {
  const bool align = op.options().flag(0), half = op.options().flag(1);
  const Edge x = op.raw(0);
  if (!op.check(op.rank(x) == 4, "pictures that are not of rank 4")) return;
  AttrMap attrs;
  attrs["mode"] = std::string("nearest");
  attrs["coordinate_transformation_mode"] = std::string(align  ? "align_corners"
                                                        : half ? "tf_half_pixel_for_nn"
                                                               : "asymmetric");
  attrs["nearest_mode"] = std::string(align ? "round_prefer_ceil" : "floor");
  op.set_raw(0, op("Resize", {x, {}, {}, full_sizes(op, x, op.raw(1))}, std::move(attrs)));
}

constexpr Builtin kRows[] = {
    {1, "AVERAGE_POOL_2D", 5, lower_average_pool, Quantized::kReal},
    {17, "MAX_POOL_2D", 5, lower_max_pool},
    {12, "L2_POOL_2D", 5, lower_l2_pool, Quantized::kReal},
    {11, "L2_NORMALIZATION", 12, lower_l2_normalization, Quantized::kReal},
    {13, "LOCAL_RESPONSE_NORMALIZATION", 13, lower_local_response_normalization},
    {23, "RESIZE_BILINEAR", 15, lower_resize_bilinear, Quantized::kReal},
    {97, "RESIZE_NEAREST_NEIGHBOR", 74, lower_resize_nearest},
};

}  // namespace
}  // namespace image_ops

std::span<const Builtin> image_builtins() { return image_ops::kRows; }

}  // namespace thane::tflite
