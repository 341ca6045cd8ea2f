#include "formats/onnx/upgrade_steps.h"

namespace thane::onnx {

Status concat_axis(Rewrite& r) {
  if (!r.node.attrs.contains("axis")) r.set("axis", int64_t{1});
  return ok();
}

Status reshape_input(Rewrite& r) {
  THANE_ASSIGN(const Dims shape, r.take_or("shape", Dims{}));
  r.set_input(1, r.int64s(shape));
  return ok();
}

// Inputs were data, tiles and axis: one repeat count for one axis.
Status tile_repeats(Rewrite& r) {
  if (!r.has_input(2)) return ok();  // already data and repeats
  const auto index = [&](size_t i) {
    return r.emit("Reshape",
                  {r.emit("Cast", {r.input(i)}, {{"to", static_cast<int64_t>(DType::kInt64)}}), r.int64s({1})});
  };
  const std::string ones = r.emit("ConstantOfShape", {r.rank_of(r.input(0))}, {{"value", Tensor::int64s({1})}});
  const std::string repeats = r.emit("ScatterElements", {ones, index(2), index(1)});
  r.become("Tile", {r.input(0), repeats});
  return ok();
}

Status slice_inputs(Rewrite& r) {
  if (!r.node.attrs.contains("starts") || !r.node.attrs.contains("ends")) {
    return invalid_model("attributes 'starts' and 'ends' are not both there");
  }
  THANE_TRY(r.attribute_to_input("starts", 1));
  THANE_TRY(r.attribute_to_input("ends", 2));
  return r.attribute_to_input("axes", 3);
}

Status dynamic_slice(Rewrite& r) {
  r.node.op = "Slice";
  return ok();
}

Status pad_names(Rewrite& r) {
  THANE_ASSIGN(const auto paddings, r.take<Dims>("paddings"));
  if (paddings) r.set("pads", *paddings);
  return ok();
}

Status pad_inputs(Rewrite& r) {
  if (!r.node.attrs.contains("pads")) return invalid_model("attribute 'pads' is missing");
  THANE_TRY(r.attribute_to_input("pads", 1));
  THANE_ASSIGN(const float value, r.take_or("value", 0.0f));
  if (value != 0.0f) r.set_input(2, r.scalar_like(value, 0));
  return ok();
}

// The lengths could be an input of the data's own type.
Status split_first(Rewrite& r) {
  if (!r.has_input(1)) return ok();
  const std::string lengths = r.emit("Cast", {r.input(1)}, {{"to", static_cast<int64_t>(DType::kInt64)}});
  r.drop("split");
  r.set_input(1, lengths);
  return ok();
}

Status split_input(Rewrite& r) { return r.attribute_to_input("split", 1); }

Status split_count(Rewrite& r) {
  if (!r.has_input(1)) r.set("num_outputs", static_cast<int64_t>(r.node.outputs.size()));
  return ok();
}

Status axes_input(Rewrite& r) { return r.attribute_to_input("axes", 1); }

Status topk_input(Rewrite& r) {
  THANE_ASSIGN(const auto k, r.take<int64_t>("k"));
  if (!k) return invalid_model("attribute 'k' is missing");
  r.set_input(1, r.int64s({*k}));
  return ok();
}

Status scatter_elements(Rewrite& r) {
  r.node.op = "ScatterElements";
  return ok();
}

}  // namespace thane::onnx
