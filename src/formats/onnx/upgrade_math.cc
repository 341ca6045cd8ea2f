#include "formats/onnx/domains.h"
#include "formats/onnx/upgrade_steps.h"

namespace thane::onnx {
namespace {

// `name` with as many dimensions of 1 after its own as align its first with axis `axis` of `target`.
std::string align_to_axis(Rewrite& r, const std::string& name, const std::string& target, int64_t axis) {
  const std::string missing = r.emit("Sub", {r.emit("Sub", {r.rank_of(target), r.int64s({axis})}), r.rank_of(name)});
  const std::string count = r.emit("Max", {missing, r.int64s({0})});
  const std::string ones = r.emit("ConstantOfShape", {count}, {{"value", Tensor::int64s({1})}});
  return r.emit("Reshape", {name, r.emit("Concat", {r.shape_of(name), ones}, {{"axis", int64_t{0}}})});
}

// The same with ranks known, which leaves a plainer graph; empty when they are not.
std::string align_known(Rewrite& r, size_t input, size_t target, int64_t axis) {
  const auto rank = r.input_rank(input), target_rank = r.input_rank(target);
  if (!rank || !target_rank) return "";
  Dims axes;
  for (int64_t i = *rank; i < *target_rank - axis; ++i) axes.push_back(i);
  return axes.empty() ? r.input(input) : r.emit("Unsqueeze", {r.input(input), r.int64s(axes)});
}

}  // namespace

Status drop_legacy_attributes(Rewrite& r) {
  r.drop("consumed_inputs");
  return ok();
}

// The second operand's shape is a run of the first one's dimensions, beginning at `axis`; without axis, its last ones.
Status numpy_broadcast(Rewrite& r) {
  THANE_ASSIGN(const int64_t broadcast, r.take_or<int64_t>("broadcast", 0));
  THANE_ASSIGN(const auto axis, r.take<int64_t>("axis"));
  if (!broadcast || !axis || *axis < 0 || !r.has_input(1)) return ok();
  std::string aligned = align_known(r, 1, 0, *axis);
  if (aligned.empty()) aligned = align_to_axis(r, r.input(1), r.input(0), *axis);
  r.set_input(1, aligned);
  return ok();
}

Status cast_to_number(Rewrite& r) {
  const auto found = r.node.attrs.find("to");
  if (found == r.node.attrs.end() || !std::holds_alternative<std::string>(found->second)) return ok();
  constexpr std::string_view kNames[] = {"UNDEFINED", "FLOAT",  "UINT8",     "INT8",      "UINT16",  "INT16",
                                         "INT32",     "INT64",  "STRING",    "BOOL",      "FLOAT16", "DOUBLE",
                                         "UINT32",    "UINT64", "COMPLEX64", "COMPLEX128"};
  const std::string& name = std::get<std::string>(found->second);
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) {
      found->second = static_cast<int64_t>(i);
      return ok();
    }
  }
  return invalid_model("attribute 'to' is '" + name + "'").expecting("the name of a data type, such as FLOAT");
}

// Out-of-range floats are undefined for integers; the suite of those days clamped to the 4-bit types, today's drops
// bits.
Status cast_clamps_nibbles(Rewrite& r) {
  const auto found = r.node.attrs.find("to");
  const auto* to = found == r.node.attrs.end() ? nullptr : std::get_if<int64_t>(&found->second);
  if (!to || !(mask_of(r.input_dtype(0)) & kFloats)) return ok();
  if (*to == static_cast<int64_t>(DType::kInt4)) {
    r.set_input(0, r.emit("Clip", {r.input(0), r.scalar_like(-8, 0), r.scalar_like(7, 0)}));
  } else if (*to == static_cast<int64_t>(DType::kUInt4)) {
    r.set_input(0, r.emit("Clip", {r.input(0), r.scalar_like(0, 0), r.scalar_like(15, 0)}));
  }
  return ok();
}

Status clip_inputs(Rewrite& r) {
  constexpr float kLargest = 3.402823466e+38f;  // the old defaults mean no bound
  THANE_ASSIGN(const float low, r.take_or("min", -kLargest));
  THANE_ASSIGN(const float high, r.take_or("max", kLargest));
  if (low > -kLargest) r.set_input(1, r.scalar_like(low, 0));
  if (high < kLargest) r.set_input(2, r.scalar_like(high, 0));
  return ok();
}

// One slope for all, or one per channel.
Status channel_slope(Rewrite& r) {
  if (!r.has_input(1)) return ok();
  std::string aligned = align_known(r, 1, 0, 1);
  if (aligned.empty()) aligned = align_to_axis(r, r.input(1), r.input(0), 1);
  r.set_input(1, aligned);
  return ok();
}

Status selu_constants(Rewrite& r) {
  if (!r.node.attrs.contains("alpha")) r.set("alpha", 1.6732f);
  if (!r.node.attrs.contains("gamma")) r.set("gamma", 1.0507f);
  return ok();
}

Status gemm_broadcast(Rewrite& r) {
  r.drop("broadcast");
  return ok();
}

// The input counted as a matrix whose columns begin at `axis` (1 unless said otherwise).
Status coerce_to_matrix(Rewrite& r) {
  THANE_ASSIGN(const int64_t axis, r.take_or<int64_t>("axis", 1));
  r.set("axis", int64_t{-1});
  const auto rank = r.input_rank(0);
  if (axis == -1 || (rank && axis == *rank - 1)) return ok();
  const std::string data = r.input(0);
  r.set_input(0, r.emit("Flatten", {data}, {{"axis", axis}}));
  const std::string shape = r.shape_of(data);
  const std::string result = r.divert_output(0);
  r.emit_after({result}, "Reshape", {r.output(0), shape}, {{"allowzero", int64_t{1}}});
  return ok();
}

Status dft_axis(Rewrite& r) {
  THANE_ASSIGN(const int64_t axis, r.take_or<int64_t>("axis", 1));
  r.set_input(2, r.int64(axis));
  return ok();
}

}  // namespace thane::onnx
