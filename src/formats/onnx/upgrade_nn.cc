#include "formats/onnx/upgrade_steps.h"

namespace thane::onnx {

// is_test says that the statistics given are used; outputs beyond the first mean nothing then.
Status batch_norm_test_mode(Rewrite& r) {
  THANE_ASSIGN(const int64_t is_test, r.take_or<int64_t>("is_test", 0));
  if (is_test) r.node.outputs.resize(std::min<size_t>(r.node.outputs.size(), 1));
  return ok();
}

// Not spatial: one mean and variance per element of a sample, so plain broadcasting over the batch does it.
Status batch_norm_spatial(Rewrite& r) {
  THANE_ASSIGN(const int64_t spatial, r.take_or<int64_t>("spatial", 1));
  if (spatial) return ok();
  for (size_t i = 1; i < r.node.outputs.size(); ++i) {
    if (!r.node.outputs[i].empty()) return unsupported("training with spatial=0");
  }
  THANE_ASSIGN(const float epsilon, r.take_or("epsilon", 1e-5f));
  if (!r.has_input(4)) return invalid_model("less than 5 inputs");
  const std::string deviation = r.emit("Sqrt", {r.emit("Add", {r.input(4), r.scalar_like(epsilon, 4)})});
  const std::string centred = r.emit("Sub", {r.input(0), r.input(3)});
  const std::string scaled = r.emit("Mul", {r.emit("Div", {centred, deviation}), r.input(1)});
  r.become("Add", {scaled, r.input(2)});
  r.node.outputs.resize(1);
  return ok();
}

// Training was asked for by naming the outputs mean and var. saved_mean and saved_var, for the use of gradients, are
// gone.
Status batch_norm_training(Rewrite& r) {
  auto& outputs = r.node.outputs;
  if (outputs.size() > 3) outputs.resize(3);
  const bool trains = outputs.size() > 1 && !(outputs[1].empty() && outputs.back().empty());
  if (trains)
    r.set("training_mode", int64_t{1});
  else if (!outputs.empty())
    outputs.resize(1);
  return ok();
}

Status dropout_test_mode(Rewrite& r) {
  r.drop("is_test");
  return ok();
}

// The mask was of the data's type.
Status dropout_mask(Rewrite& r) {
  if (r.output(1).empty()) return ok();
  const std::string mask = r.divert_output(1);
  r.emit_after({mask}, "CastLike", {r.output(1), r.input(0)});
  return ok();
}

Status dropout_ratio(Rewrite& r) {
  THANE_ASSIGN(const float ratio, r.take_or("ratio", 0.5f));
  r.set_input(1, r.constant(Tensor::scalar(ratio)));
  return ok();
}

Status lp_pool_power(Rewrite& r) {
  THANE_ASSIGN(const float p, r.take_or("p", 2.0f));
  if (!(p >= 1.0f && p <= 1000.0f) || p != static_cast<float>(static_cast<int64_t>(p))) {
    return unsupported("a power that is no whole number");
  }
  r.set("p", static_cast<int64_t>(p));
  return ok();
}

// The first schema's default was misspelt.
Status recurrent_direction(Rewrite& r) {
  const auto found = r.node.attrs.find("direction");
  if (found != r.node.attrs.end() && identical(found->second, AttrValue(std::string("foward")))) {
    found->second = std::string("forward");
  }
  return ok();
}

Status recurrent_output(Rewrite& r) {
  r.drop("output_sequence");
  return ok();
}

Status grid_sample_modes(Rewrite& r) {
  const auto found = r.node.attrs.find("mode");
  if (found == r.node.attrs.end()) return ok();
  if (identical(found->second, AttrValue(std::string("bilinear"))))
    found->second = std::string("linear");
  else if (identical(found->second, AttrValue(std::string("bicubic"))))
    found->second = std::string("cubic");
  return ok();
}

// Scale and bias were one per group; now they are one per channel: each is repeated for the channels of its group.
Status group_norm_scale(Rewrite& r) {
  const auto found = r.node.attrs.find("num_groups");
  const auto* groups = found == r.node.attrs.end() ? nullptr : std::get_if<int64_t>(&found->second);
  if (!groups || *groups < 1 || !r.has_input(2)) return invalid_model("attribute 'num_groups' or an input is missing");
  const std::string channels = r.emit("Shape", {r.input(0)}, {{"start", int64_t{1}}, {"end", int64_t{2}}});
  const std::string count = r.int64s({*groups});
  const std::string shape = r.emit("Concat", {count, r.emit("Div", {channels, count})}, {{"axis", int64_t{0}}});
  for (const size_t i : {1, 2}) {
    const std::string column = r.emit("Unsqueeze", {r.input(i), r.int64s({1})});
    r.set_input(i, r.emit("Reshape", {r.emit("Expand", {column, shape}), r.int64s({-1})}));
  }
  return ok();
}

Status roi_align_mode(Rewrite& r) {
  r.set("coordinate_transformation_mode", std::string("output_half_pixel"));
  return ok();
}

}  // namespace thane::onnx
