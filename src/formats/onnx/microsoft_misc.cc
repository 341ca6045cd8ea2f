// Single ops: pooling, padding, shapes, transforms; and leftovers in ONNX's own domain.
#include "base/format.h"
#include "formats/onnx/microsoft.h"

namespace thane::onnx {
namespace {

// Real and imaginary parts: the two halves of the last axis, which stays with length 1.
std::vector<std::string> parts_of(Rewrite& r, size_t input) {
  return r.emit_many(2, "Split", {r.input(input)}, {{"axis", int64_t{-1}}, {"num_outputs", int64_t{2}}});
}

Status multiply_complex(Rewrite& r, bool conjugate) {
  const auto a = parts_of(r, 0), b = parts_of(r, 1);
  const auto product = [&](size_t i, size_t j) { return r.emit("Mul", {a[i], b[j]}); };
  const std::string real = r.emit(conjugate ? "Add" : "Sub", {product(0, 0), product(1, 1)});
  const std::string imaginary = r.emit(conjugate ? "Sub" : "Add", {product(1, 0), product(0, 1)});
  return r.become("Concat", {real, imaginary}, {{"axis", int64_t{-1}}}), ok();
}

// Only signals of one or two axes, one-sided, unscaled: all that the ops allow on other devices, too.
Result<int64_t> signal_axes(Rewrite& r) {
  THANE_ASSIGN(const int64_t onesided, r.take_or<int64_t>("onesided", 1));
  THANE_ASSIGN(const int64_t normalized, r.take_or<int64_t>("normalized", 0));
  THANE_ASSIGN(const int64_t axes, r.take_or<int64_t>("signal_ndim", 1));
  if (onesided != 1 || normalized != 0) return unsupported("a two-sided or scaled transform");
  if (axes < 1 || axes > 3) return unsupported(format("signals of {} axes", axes));
  return axes;
}

}  // namespace

Status nhwc_max_pool(Rewrite& r) {
  AttrMap attrs = r.node.attrs;
  attrs.emplace("layout", std::string("channels_last"));
  return r.become("MaxPool", {r.input(0)}, std::move(attrs)), ok();
}

// Paddings cut off what an unpadded transposed convolution gives.
Status conv_transpose_dynamic_pads(Rewrite& r) {
  const AttrMap attrs = r.node.attrs;
  const std::vector<std::string> inputs = {r.input(0), r.input(1), r.input(3)};
  if (!r.has_input(2)) return r.become("ConvTranspose", inputs, attrs), ok();
  const std::string whole = r.emit("ConvTranspose", inputs, attrs);
  const auto ends = r.emit_many(2, "Split", {r.input(2)}, {{"axis", int64_t{0}}, {"num_outputs", int64_t{2}}});
  const std::string none = r.int64s({0, 0});
  const std::string cuts =
      r.emit("Concat", {none, r.emit("Neg", {ends[0]}), none, r.emit("Neg", {ends[1]})}, {{"axis", int64_t{0}}});
  return r.become("Pad", {whole, cuts}), ok();
}

Status expand_dims(Rewrite& r) {
  const std::string axis = r.emit("Reshape", {r.input(1), r.int64s({1})});
  return r.become("Unsqueeze", {r.input(0), r.emit("Cast", {axis}, {{"to", int64_t{7}}})}), ok();
}

Status unique_in_order(Rewrite& r) {
  r.node.outputs = {r.output(0), "", r.output(1), r.output(2)};
  return r.become("Unique", {r.input(0)}, {{"sorted", int64_t{0}}}), ok();
}

Status grid_sample(Rewrite& r) {
  THANE_ASSIGN(std::string mode, r.take_or<std::string>("mode", "bilinear"));
  if (mode == "bilinear") mode = "linear";
  if (mode == "bicubic") mode = "cubic";
  r.set("mode", mode);
  const AttrMap attrs = r.node.attrs;
  return r.become("GridSample", {r.input(0), r.input(1)}, attrs), ok();
}

// pads may be [1, n], value may be [1].
Status pad(Rewrite& r) {
  const AttrMap attrs = r.node.attrs;
  std::vector<std::string> inputs = {r.input(0), r.emit("Reshape", {r.input(1), r.int64s({-1})})};
  if (r.has_input(2)) inputs.push_back(r.emit("Reshape", {r.input(2), r.int64s({})}));
  return r.become("Pad", inputs, attrs), ok();
}

// Each input may be [1].
Status range(Rewrite& r) {
  const auto scalar = [&](size_t i) { return r.emit("Reshape", {r.input(i), r.int64s({})}); };
  const std::string step = r.has_input(2) ? scalar(2) : r.scalar_as(1, r.input(0));
  return r.become("Range", {scalar(0), scalar(1), step}), ok();
}

Status is_all_finite(Rewrite& r) {
  THANE_ASSIGN(const int64_t inf_only, r.take_or<int64_t>("isinf_only", 0));
  THANE_ASSIGN(const int64_t nan_only, r.take_or<int64_t>("isnan_only", 0));
  std::string any;
  for (const std::string& input : r.node.inputs) {
    std::string odd;
    if (!inf_only) odd = r.emit("IsNaN", {input});
    if (!nan_only) {
      const std::string infinite = r.emit("IsInf", {input});
      odd = odd.empty() ? infinite : r.emit("Or", {odd, infinite});
    }
    if (odd.empty()) return invalid_model("both isinf_only and isnan_only").expecting("one of them at most");
    const std::string found = r.emit("ReduceMax", {odd}, {{"keepdims", int64_t{0}}});
    any = any.empty() ? found : r.emit("Or", {any, found});
  }
  return r.become("Not", {any}), ok();
}

Status complex_mul(Rewrite& r) { return multiply_complex(r, false); }
Status complex_mul_conj(Rewrite& r) { return multiply_complex(r, true); }

// [..., n] → [..., n / 2 + 1, 2]: the last axis one-sided, then those before it in full.
Status rfft(Rewrite& r) {
  THANE_ASSIGN(const int64_t axes, signal_axes(r));
  std::string x = r.emit("Unsqueeze", {r.input(0), r.int64s({-1})});
  x = r.emit("DFT", {x, "", r.int64(-2)}, {{"onesided", int64_t{1}}});
  for (int64_t axis = 2; axis <= axes; ++axis) x = r.emit("DFT", {x, "", r.int64(-1 - axis)});
  return r.become("Identity", {x}), ok();
}

// Back again: the full axes first, then the one-sided one, of an even length.
Status irfft(Rewrite& r) {
  THANE_ASSIGN(const int64_t axes, signal_axes(r));
  std::string x = r.input(0);
  for (int64_t axis = axes; axis >= 2; --axis)
    x = r.emit("DFT", {x, "", r.int64(-1 - axis)}, {{"inverse", int64_t{1}}});
  const std::string half = r.emit("Shape", {x}, {{"start", int64_t{-2}}, {"end", int64_t{-1}}});
  const std::string length = r.emit("Mul", {r.emit("Sub", {half, r.int64s({1})}), r.int64s({2})});
  const std::string y =
      r.emit("DFT", {x, r.emit("Squeeze", {length}), r.int64(-2)}, {{"inverse", int64_t{1}}, {"onesided", int64_t{1}}});
  return r.become("Squeeze", {y, r.int64s({-1})}), ok();
}

// |a|² + |b|² - 2 a · b, which rounding may take below zero.
Status pairwise_distance(Rewrite& r) {
  THANE_ASSIGN(const std::string metric, r.take_or<std::string>("metric", "sqeuclidean"));
  if (metric != "sqeuclidean" && metric != "euclidean") return unsupported(format("metric '{}'", metric));
  const auto norms = [&](size_t i, int64_t keep) {
    return r.emit("ReduceSumSquare", {r.input(i), r.int64s({1})}, {{"keepdims", keep}});
  };
  const std::string turned = r.emit("Transpose", {r.input(1)}, {{"perm", Dims{1, 0}}});
  const std::string dots = r.emit("MatMul", {r.input(0), turned});
  const std::string twice = r.emit("Add", {dots, dots});
  const std::string square = r.emit("Sub", {r.emit("Add", {norms(0, 1), norms(1, 0)}), twice});
  if (metric == "sqeuclidean") return r.become("Relu", {square}), ok();
  return r.become("Sqrt", {r.emit("Relu", {square})}), ok();
}

Status affine(Rewrite& r) {
  THANE_ASSIGN(const float alpha, r.take_or<float>("alpha", 1));
  THANE_ASSIGN(const float beta, r.take_or<float>("beta", 0));
  return become_activation(r, "Affine", {alpha, beta}, r.input(0));
}

Status scaled_tanh(Rewrite& r) {
  THANE_ASSIGN(const float alpha, r.take_or<float>("alpha", 1));
  THANE_ASSIGN(const float beta, r.take_or<float>("beta", 1));
  return become_activation(r, "ScaledTanh", {alpha, beta}, r.input(0));
}

Status parametric_softplus(Rewrite& r) {
  THANE_ASSIGN(const float alpha, r.take_or<float>("alpha", 1));
  THANE_ASSIGN(const float beta, r.take_or<float>("beta", 1));
  return become_activation(r, "ParametricSoftplus", {alpha, beta}, r.input(0));
}

Status image_scaler(Rewrite& r) {
  THANE_ASSIGN(const float factor, r.take_or<float>("scale", 1));
  THANE_ASSIGN(const auto bias, r.take_or<std::vector<float>>("bias", {}));
  const std::string x = r.input(0);
  const std::string scaled = r.emit("Mul", {x, r.scalar_as(factor, x)});
  const std::string offsets = r.emit("CastLike", {r.constant(Tensor::vector<float>(bias)), x});
  return r.become("Add", {scaled, r.emit("Unsqueeze", {offsets, r.int64s({1, 2})})}), ok();
}

Status scale(Rewrite& r) {
  THANE_ASSIGN(const float factor, r.take_or<float>("scale", 1));
  return r.become("Mul", {r.input(0), r.scalar_like(factor, 0)}), ok();
}

}  // namespace thane::onnx
