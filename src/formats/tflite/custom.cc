// Custom operators of public models.
#include <flatbuffers/flexbuffers.h>

#include <cstring>

#include "formats/tflite/builtins.h"
#include "formats/tflite/window.h"

namespace thane::tflite {
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
  for (const char* name : {"max_detections", "max_classes_per_detection", "num_classes"}) attrs[name] = options.integer(name, 1);
  attrs["detections_per_class"] = options.integer("detections_per_class", 100);
  attrs["regular"] = options.integer("use_regular_nms", 0) != 0 ? int64_t{1} : int64_t{0};
  attrs["score_threshold"] = options.real("nms_score_threshold", 0);
  attrs["iou_threshold"] = options.real("nms_iou_threshold", 0.5f);
  attrs["scales"] = std::vector<float>{options.real("y_scale", 1), options.real("x_scale", 1), options.real("h_scale", 1), options.real("w_scale", 1)};
  const auto results = op.many({.op = "DetectionPostProcess", .inputs = {op.in(0), op.in(1), op.in(2)}, .outputs = 4,
                                .attrs = std::move(attrs), .domain = Domain::kThane});
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

constexpr Builtin kRows[] = {
    {kCustomCode, "TFLite_Detection_PostProcess", 0, lower_detection_post_process, Quantized::kReal},
    {kCustomCode, "Convolution2DTransposeBias", 0, lower_transpose_bias, Quantized::kReal},
};

}  // namespace

std::span<const Builtin> custom_builtins() { return kRows; }

}  // namespace thane::tflite
