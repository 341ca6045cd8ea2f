// Custom operators of public models.
#include <flatbuffers/flexbuffers.h>

#include <cstring>

#include "formats/tflite/builtins.h"
#include "formats/tflite/window.h"

namespace thane::tflite {
namespace custom_ops {
namespace {

// Options that are a flexbuffer map: numbers by name.
class NamedOptions {
 public:
  explicit NamedOptions(std::string_view bytes) {
    const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
    if (bytes.size() < 3 || !flexbuffers::VerifyBuffer(data, bytes.size())) return;
    const auto root = flexbuffers::GetRoot(data, bytes.size());
    if (root.IsMap()) map_ = root.AsMap();
  }
  bool present() const { return map_.size() > 0; }
  bool has(const char* name) const { return !map_[name].IsNull(); }
  float real(const char* name, float fallback) const { return has(name) ? map_[name].AsFloat() : fallback; }
  int64_t integer(const char* name, int64_t fallback) const { return has(name) ? map_[name].AsInt64() : fallback; }

 private:
  flexbuffers::Map map_ = flexbuffers::Map::EmptyMap();
};

// Options that are C structs: int32 fields in order.
int32_t field(std::string_view bytes, size_t index) {
  int32_t value = 0;
  if (bytes.size() >= 4 * (index + 1)) std::memcpy(&value, bytes.data() + 4 * index, 4);
  return value;
}
constexpr int32_t kValidPadding = 2;

// Boxes from encodings relative to anchors, one class or several each, without overlaps.
void lower_detection_post_process(Op& op) {
  const NamedOptions options(op.info().custom_options);
  if (!op.check(options.present(), "options that are no map")) return;
  AttrMap attrs;
  for (const char* name : {"max_detections", "max_classes_per_detection", "num_classes"})
    attrs[name] = options.integer(name, 1);
  attrs["detections_per_class"] = options.integer("detections_per_class", 100);
  attrs["regular"] = options.integer("use_regular_nms", 0) != 0 ? int64_t{1} : int64_t{0};
  attrs["score_threshold"] = options.real("nms_score_threshold", 0);
  attrs["iou_threshold"] = options.real("nms_iou_threshold", 0.5f);
  attrs["scales"] = std::vector<float>{options.real("y_scale", 1), options.real("x_scale", 1),
                                       options.real("h_scale", 1), options.real("w_scale", 1)};
  const auto results = op.many({.op = "DetectionPostProcess",
                                .inputs = {op.in(0), op.in(1), op.in(2)},
                                .outputs = 4,
                                .attrs = std::move(attrs),
                                .domain = Domain::kThane});
  for (size_t i = 0; i < results.size(); ++i) op.set(i, results[i]);
}

// Weights [outputs, height, width, inputs]; the result is the input times the strides.
void lower_transpose_bias(Op& op) {
  const std::string_view options = op.info().custom_options;
  const Window window{.valid = field(options, 0) == kValidPadding,
                      .strides = {field(options, 2), field(options, 1)},
                      .dilations = {1, 1}};
  const Edge weights = op.transpose(op.cast(op.in(1), DType::kFloat32), {3, 0, 1, 2});
  op.done(op("ConvTranspose", {op.in(0), weights, op.maybe(2)}, window.attrs(op)));
}

// Windows that lie side by side: their size, or 0 for others. Options: padding, strides (width, height), filter (width,
// height).
int64_t square_windows(Op& op) {
  const std::string_view options = op.info().custom_options;
  const int64_t size = field(options, 1);
  for (size_t i : {2, 3, 4}) {
    if (field(options, i) != size || size < 1 || size > 64) {
      op.unsupported_form("windows that overlap or are not square");
      return 0;
    }
  }
  return size;
}

// The largest of each window, and which of its elements that is, plus a tenth so that truncation is safe.
void lower_max_pool_argmax(Op& op) {
  const Edge x = op.in(0);
  const int64_t size = square_windows(op);
  if (size == 0 || !op.check(op.rank(x) == 4, "pictures that are not of rank 4")) return;
  for (int axis : {1, 2}) {
    const Dim length = op.dim(x, axis);
    if (!length.is_number() || length.number() % size != 0)
      return op.unsupported_form("windows that hang over the edge");
  }
  const Edge blocks = op("SpaceToDepth", {x}, {{"blocksize", size}, {"layout", std::string("channels_last")}});
  const Edge taps =
      op.reshape(blocks, SymDims{op.dim(blocks, 0), op.dim(blocks, 1), op.dim(blocks, 2), size * size, op.dim(x, 3)});
  op.set(0, op("ReduceMax", {taps, op.list({3})}, {{"keepdims", int64_t{0}}}));
  const Edge index = op("ArgMax", {taps}, {{"axis", int64_t{3}}, {"keepdims", int64_t{0}}});
  op.set(1, op("Add", {op.cast(index, DType::kFloat32), op.scalar(0.1, DType::kFloat32)}));
}

// Each element at its place in its window; zeros elsewhere.
void lower_max_unpool(Op& op) {
  const Edge x = op.in(0);
  const int64_t size = square_windows(op);
  if (size == 0 || !op.check(op.rank(x) == 4, "pictures that are not of rank 4")) return;
  const Edge index = op("Unsqueeze", {op.to_int64(op.in(1)), op.list({3})});
  const Edge taps = op.reshape(op("Range", {op.number(0), op.number(size * size), op.number(1)}), Dims{size * size, 1});
  const Edge here = op("Where", {op("Equal", {index, taps}), op("Unsqueeze", {x, op.list({3})}), op.scalar_like(0, x)});
  const Dim channels = op.dim(x, 3) * Dim(size * size);
  const Edge blocks = op.reshape(here, SymDims{op.dim(x, 0), op.dim(x, 1), op.dim(x, 2), channels});
  op.done(op("DepthToSpace", {blocks}, {{"blocksize", size}, {"layout", std::string("channels_last")}}));
}

constexpr Builtin kRows[] = {
    {kCustomCode, "TFLite_Detection_PostProcess", 0, lower_detection_post_process, Quantized::kReal},
    {kCustomCode, "MaxPoolingWithArgmax2D", 0, lower_max_pool_argmax},
    {kCustomCode, "MaxUnpooling2D", 0, lower_max_unpool},
    {kCustomCode, "Convolution2DTransposeBias", 0, lower_transpose_bias, Quantized::kReal},
};

}  // namespace
}  // namespace custom_ops

std::span<const Builtin> custom_builtins() { return custom_ops::kRows; }

}  // namespace thane::tflite
