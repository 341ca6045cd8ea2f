// torchvision's ops on boxes and regions.
#include <algorithm>

#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace vision_ops {
namespace {

Value nms(Call& c) {
  const Edge boxes = c.unsqueeze(c.cast(c.edge("dets"), DType::kFloat32), {0});
  const Edge scores = c.unsqueeze(c.cast(c.edge("scores"), DType::kFloat32), {0, 1});
  const Edge all = c.reshape(c.size(scores, 2), Dims{1});
  const Edge threshold = c.reshape(c.number("iou_threshold", DType::kFloat32), Dims{1});
  return c.tensor(c.select(c.op("NonMaxSuppression", {boxes, scores, all, threshold}), 1, 2));
}
Value roi_align(Call& c) {
  const Edge x = c.edge("input"), rois = c.edge("rois");
  const Edge boxes = c.slice(rois, 1, 1, 5);
  const Edge batch = c.cast(c.select(rois, 1, 0), DType::kInt64);
  return c.tensor(
      c.op("RoiAlign", {x, boxes, batch},
           {{"coordinate_transformation_mode", std::string(c.flag("aligned") ? "half_pixel" : "output_half_pixel")},
            {"output_height", c.integer("pooled_height")},
            {"output_width", c.integer("pooled_width")},
            {"sampling_ratio", std::max<int64_t>(c.integer("sampling_ratio"), 0)},
            {"spatial_scale", static_cast<float>(c.real("spatial_scale"))}}));
}
Value roi_pool(Call& c) {
  const Edge y = c.op("MaxRoiPool", {c.edge("input"), c.edge("rois")},
                      {{"pooled_shape", Dims{c.integer("pooled_height"), c.integer("pooled_width")}},
                       {"spatial_scale", static_cast<float>(c.real("spatial_scale"))}});
  return Value::tuple({c.tensor(y), c.tensor(c.full(c.shape(y), 0, DType::kInt32))});
}
Value deform_conv2d(Call& c) {
  const Edge x = c.edge("input"), weight = c.edge("weight");
  std::vector<Edge> inputs = {x, weight, c.edge("offset"), c.edge("bias")};
  if (c.flag("use_mask", true)) inputs.push_back(c.edge("mask"));
  const int64_t h = c.integer("pad_h"), w = c.integer("pad_w");
  return c.tensor(c.op("DeformConv", std::move(inputs),
                       {{"strides", Dims{c.integer("stride_h"), c.integer("stride_w")}},
                        {"pads", Dims{h, w, h, w}},
                        {"dilations", Dims{c.integer("dilation_h"), c.integer("dilation_w")}},
                        {"group", c.integer("groups")},
                        {"offset_group", c.integer("offset_groups")}}));
}

constexpr Row kRows[] = {
    {"torchvision::nms", nms},
    {"torchvision::roi_align", roi_align},
    {"torchvision::roi_pool", roi_pool},
    {"torchvision::deform_conv2d", deform_conv2d},
};

}  // namespace
}  // namespace vision_ops

std::span<const Row> vision_rows() { return vision_ops::kRows; }

}  // namespace thane::aten
