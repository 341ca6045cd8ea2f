// Activation functions, softmax, dropout (which does nothing when a model is used).
#include <cmath>

#include "formats/torch/aten/fixed_name.h"
#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace activation_ops {
namespace {

float single(double value) { return static_cast<float>(value); }

template <Name kOp>
Value plain(Call& c) {
  return c.tensor(c.op(kOp, {c.edge("self")}));
}
Value relu6(Call& c) {
  const Edge x = c.edge("self");
  return c.tensor(c.op("Clip", {x, c.like(0, x), c.like(6, x)}));
}
Value hardtanh(Call& c) {
  const Edge x = c.edge("self");
  return c.tensor(c.op("Clip", {x, c.like(c.real("min_val", -1), x), c.like(c.real("max_val", 1), x)}));
}
Value hardsigmoid(Call& c) {
  return c.tensor(c.op("HardSigmoid", {c.edge("self")}, {{"alpha", 1.0f / 6}, {"beta", 0.5f}}));
}
Value leaky_relu(Call& c) {
  return c.tensor(c.op("LeakyRelu", {c.edge("self")}, {{"alpha", single(c.real("negative_slope", 0.01))}}));
}
Value rrelu(Call& c) {
  const double slope = (c.real("lower", 1.0 / 8) + c.real("upper", 1.0 / 3)) / 2;
  return c.tensor(c.op("LeakyRelu", {c.edge("self")}, {{"alpha", single(slope)}}));
}
Value elu(Call& c) {
  const Edge x = c.edge("self");
  const double alpha = c.real("alpha", 1), scale = c.real("scale", 1), input_scale = c.real("input_scale", 1);
  if (scale == 1 && input_scale == 1) return c.tensor(c.op("Elu", {x}, {{"alpha", single(alpha)}}));
  const Edge negative = c.mul(c.own("Expm1", {c.mul(x, input_scale)}), alpha * scale);
  return c.tensor(c.where(c.less(c.like(0, x), x), c.mul(x, scale), negative));
}
Value celu(Call& c) { return c.tensor(c.op("Celu", {c.edge("self")}, {{"alpha", single(c.real("alpha", 1))}})); }
Value gelu(Call& c) {
  return c.tensor(c.op("Gelu", {c.edge("self")}, {{"approximate", c.text("approximate", "none")}}));
}
Value silu(Call& c) {
  const Edge x = c.edge("self");
  return c.tensor(is_complex(x.dtype()) ? c.mul(x, c.unary("Sigmoid", x)) : c.op("Swish", {x}));
}
// The gradients, which programs that train on the device carry along.
Value softmax_backward(Call& c) {
  const Edge g = c.edge("grad_output"), y = c.edge("output");
  const Dims axis = {c.integer("dim")};
  const Edge back = c.name().find("log") != std::string_view::npos ? c.sub(g, c.mul(c.exp(y), c.sum(g, axis, true)))
                                                                   : c.mul(y, c.sub(g, c.sum(c.mul(g, y), axis, true)));
  return c.tensor(c.cast(back, c.dtype_argument("input_dtype", y.dtype())));
}
Value softplus(Call& c) {
  const Edge x = c.edge("self");
  const double beta = c.real("beta", 1), threshold = c.real("threshold", 20);
  const Edge scaled = beta == 1 ? x : c.mul(x, beta);
  Edge value = c.op("Softplus", {scaled});
  if (beta != 1) value = c.div(value, beta);
  return c.tensor(c.where(c.less(c.like(threshold, x), scaled), x, value));
}
Value log_sigmoid(Call& c) { return c.tensor(c.neg(c.op("Softplus", {c.neg(c.edge("self"))}))); }
Value log_sigmoid_forward(Call& c) {
  const Value result = log_sigmoid(c);
  return Value::tuple({result, c.tensor(c.full(Dims{0}, 0, c.dtype("self")))});
}
Value softshrink(Call& c) {
  const float bound = single(c.real("lambd", 0.5));
  return c.tensor(c.op("Shrink", {c.edge("self")}, {{"lambd", bound}, {"bias", bound}}));
}
Value hardshrink(Call& c) {
  return c.tensor(c.op("Shrink", {c.edge("self")}, {{"lambd", single(c.real("lambd", 0.5))}, {"bias", 0.0f}}));
}
Value threshold(Call& c) {
  const Edge x = c.edge("self");
  return c.tensor(c.where(c.less_equal(x, c.like(c.real("threshold"), x)), c.like(c.real("value"), x), x));
}
Value prelu(Call& c) {
  const Edge x = c.edge("self");
  Edge slope = c.edge("weight");
  // One per channel, the second axis.
  if (slope.dims() && slope.dims()->size() == 1 && c.rank(x) > 2 && !slope.dims()->front().is_number(1)) {
    Dims axes;
    for (size_t i = 2; i < c.rank(x); ++i) axes.push_back(static_cast<int64_t>(i) - 1);
    slope = c.unsqueeze(slope, axes);
  }
  if (c.rank(x) == 0) slope = c.reshape(slope, Dims{});
  return c.tensor(c.op("PRelu", {x, slope}));
}
Value glu(Call& c) {
  const Edge x = c.edge("self");
  const auto axis = static_cast<int64_t>(c.axis(c.integer("dim", -1), c.rank(x)));
  const int64_t half = c.number(x, axis) / 2;
  return c.tensor(c.mul(c.slice(x, axis, 0, half), c.unary("Sigmoid", c.slice(x, axis, half, 2 * half))));
}

Value along(Call& c, std::string_view name, const Edge& given) {
  Edge x = given;
  if (c.has("dtype")) x = c.cast(x, c.dtype_argument("dtype", x.dtype()));
  if (c.flag("half_to_float")) x = c.cast(x, DType::kFloat32);
  x = c.floating(x);
  if (c.rank(x) == 0) return c.tensor(c.reshape(c.op(name, {c.reshape(x, Dims{1})}, {{"axis", int64_t{0}}}), Dims{}));
  return c.tensor(c.op(name, {x}, {{"axis", c.integer("dim", -1)}}));
}
template <Name kOp>
Value softmax(Call& c) {
  return along(c, kOp, c.edge(c.declares("self") ? "self" : "input"));
}
// Softmax over what the mask does not hide; rows that are hidden whole give zeros or NaN, as softmax does.
Value masked_softmax(Call& c) {
  const Edge x = c.edge("self");
  Edge mask = c.to_bool(c.edge("mask"));
  const Edge hidden = c.where(mask, c.like(-std::numeric_limits<double>::infinity(), x), x);
  return along(c, "Softmax", hidden);
}
// exp(x − max) normalised, with rows of −∞ giving 0.
Value safe_softmax(Call& c) {
  const Edge x = c.edge("self");
  const int64_t axis = c.integer("dim");
  const Edge lowest = c.like(-std::numeric_limits<double>::infinity(), x);
  const Edge empty = c.reduce("ReduceMin", c.equal(x, lowest), {axis}, true);
  const Edge y = c.op("Softmax", {x}, {{"axis", axis}});
  return c.tensor(c.where(empty, c.like(0, y), y));
}

Value unchanged(Call& c) {
  const std::string_view name = c.declares("self") ? "self" : "input";
  if (c.flag("train", false) && c.real("p", 0) != 0) {
    if (c.real("p") == 1) return c.tensor(c.mul(c.edge(name), 0));
    c.refuse("dropout in training mode");
  }
  return c[name];
}
Value native_dropout(Call& c) {
  const Edge x = c.edge("input");
  if (c.flag("train", false) && c.real("p", 0) != 0) c.refuse("dropout in training mode");
  return c.results(x, c.full(c.shape(x), 1, DType::kBool));
}

constexpr Row kRows[] = {
    {"relu", plain<"Relu">},
    {"relu6", relu6},
    {"hardtanh", hardtanh},
    {"hardsigmoid", hardsigmoid},
    {"hardswish", plain<"HardSwish">},
    {"leaky_relu", leaky_relu},
    {"rrelu", rrelu},
    {"elu", elu},
    {"selu", plain<"Selu">},
    {"celu", celu},
    {"gelu", gelu},
    {"silu", silu},
    {"_softmax_backward_data", softmax_backward},
    {"_log_softmax_backward_data", softmax_backward},
    {"mish", plain<"Mish">},
    {"softplus", softplus},
    {"log_sigmoid", log_sigmoid},
    {"log_sigmoid_forward", log_sigmoid_forward},
    {"softshrink", softshrink},
    {"hardshrink", hardshrink},
    {"threshold", threshold},
    {"prelu", prelu},
    {"_prelu_kernel", prelu},
    {"glu", glu},
    {"softmax", softmax<"Softmax">},
    {"_softmax", softmax<"Softmax">},
    {"special_softmax", softmax<"Softmax">},
    {"log_softmax", softmax<"LogSoftmax">},
    {"_log_softmax", softmax<"LogSoftmax">},
    {"special_log_softmax", softmax<"LogSoftmax">},
    {"_masked_softmax", masked_softmax},
    {"_safe_softmax", safe_softmax},
    {"dropout", unchanged},
    {"feature_dropout", unchanged},
    {"alpha_dropout", unchanged},
    {"feature_alpha_dropout", unchanged},
    {"native_dropout", native_dropout},
};

}  // namespace
}  // namespace activation_ops

std::span<const Row> activation_rows() { return activation_ops::kRows; }

}  // namespace thane::aten
