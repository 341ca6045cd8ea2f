// Upsample and the first Resize. Both sampled at x / scale, rounding down: what Resize now calls "asymmetric" and
// "floor".
#include "formats/onnx/upgrade_steps.h"

namespace thane::onnx {

Status upsample_scales(Rewrite& r) {
  THANE_ASSIGN(const float height, r.take_or("height_scale", 1.0f));
  THANE_ASSIGN(const float width, r.take_or("width_scale", 1.0f));
  if (!r.node.attrs.contains("scales")) r.set("scales", std::vector<float>{1.0f, 1.0f, height, width});
  return ok();
}

Status upsample_input(Rewrite& r) {
  THANE_ASSIGN(const auto scales, r.take<std::vector<float>>("scales"));
  if (!scales) return invalid_model("attribute 'scales' is missing");
  r.set_input(1, r.constant(Tensor::vector<float>(*scales)));
  return ok();
}

Status resize_inputs(Rewrite& r) {
  const auto mode = r.node.attrs.find("mode");
  if (mode != r.node.attrs.end() && identical(mode->second, AttrValue(std::string("bilinear")))) {
    mode->second = std::string("linear");
  }
  r.node.inputs = {r.input(0), "", r.input(1)};
  r.set("coordinate_transformation_mode", std::string("asymmetric"));
  r.set("nearest_mode", std::string("floor"));
  return ok();
}

Status upsample_to_resize(Rewrite& r) {
  r.node.op = "Resize";
  return resize_inputs(r);
}

// Empty tensors used to stand for absent inputs.
Status resize_empty_inputs(Rewrite& r) {
  for (size_t i = 1; i < r.node.inputs.size(); ++i) {
    const Tensor* constant = r.constant_input(i);
    if (constant && constant->size() == 0) r.node.inputs[i].clear();
  }
  return ok();
}

}  // namespace thane::onnx
