// Ops on 8-bit tensors. Where integers decide the result they are multiplied as integers; the others run between a
// DequantizeLinear and a QuantizeLinear, which is what their documentation says they mean.
#include "base/format.h"
#include "formats/onnx/microsoft.h"

namespace thane::onnx {
namespace {

constexpr int64_t kFloat = 1, kInt32 = 6;

std::string cast(Rewrite& r, const std::string& x, int64_t to) { return r.emit("Cast", {x}, {{"to", to}}); }

// Inputs i, i + 1, i + 2: tensor, scale, zero point (which may be absent).
std::string dequantized(Rewrite& r, size_t i) {
  return r.emit("DequantizeLinear", {r.input(i), r.input(i + 1), r.input(i + 2)});
}

// `node` becomes the quantization of y by inputs scale, scale + 1. Without a zero point the type is that of input
// `like`.
void become_quantized(Rewrite& r, const std::string& y, size_t scale, size_t like = 0) {
  std::string zero = r.input(scale + 1);
  if (zero.empty()) zero = r.scalar_as(0, r.input(like));
  r.become("QuantizeLinear", {y, r.input(scale), zero});
}

// MatMulInteger's result times the scales, plus a bias: `node` becomes that.
void become_scaled(Rewrite& r, const std::string& product, const std::string& scale, size_t bias) {
  const std::string sum = cast(r, product, kFloat);
  if (!r.has_input(bias)) return r.become("Mul", {sum, scale});
  r.become("Add", {r.emit("Mul", {sum, scale}), r.input(bias)});
}

std::string move_axis(Rewrite& r, const std::string& x, int64_t source, int64_t destination) {
  return r.emit_own("MoveAxis", {x}, {{"source", source}, {"destination", destination}});
}

Result<std::string> layout(Rewrite& r) {
  THANE_ASSIGN(const int64_t channels_last, r.take_or<int64_t>("channels_last", 0));
  return std::string(channels_last ? "channels_last" : "channels_first");
}

}  // namespace

Status quantized_sigmoid(Rewrite& r) { return become_quantized(r, r.emit("Sigmoid", {dequantized(r, 0)}), 3), ok(); }

Status quantized_leaky_relu(Rewrite& r) {
  THANE_ASSIGN(const float alpha, r.take_or<float>("alpha", 0.01f));
  return become_quantized(r, r.emit("LeakyRelu", {dequantized(r, 0)}, {{"alpha", alpha}}), 3), ok();
}

// Below op set 13 all axes from `axis` on are one. Results are counted in whole parts of 1: the scale is taken as one
// over the next lower whole number.
Status quantized_softmax(Rewrite& r) {
  THANE_ASSIGN(const int64_t opset, r.take_or<int64_t>("opset", 13));
  THANE_ASSIGN(const int64_t axis, r.take_or<int64_t>("axis", opset < 13 ? 1 : -1));
  const std::string x = dequantized(r, 0);
  const std::string parts = r.emit("Floor", {r.emit("Reciprocal", {r.input(3)})});
  r.set_input(3, r.emit("Reciprocal", {r.emit("Max", {parts, r.constant(Tensor::scalar(1.f))})}));
  if (opset >= 13) return become_quantized(r, r.emit("Softmax", {x}, {{"axis", axis}}), 3), ok();
  const std::string rows = r.emit("Flatten", {x}, {{"axis", axis}});
  const std::string y = r.emit("Softmax", {rows}, {{"axis", int64_t{-1}}});
  return become_quantized(r, r.emit("Reshape", {y, r.shape_of(x)}, {{"allowzero", int64_t{1}}}), 3), ok();
}

Status quantized_concat(Rewrite& r) {
  THANE_ASSIGN(const int64_t axis, r.take_or<int64_t>("axis", 0));
  std::vector<std::string> parts;
  for (size_t i = 2; i + 2 < r.node.inputs.size(); i += 3) parts.push_back(dequantized(r, i));
  return become_quantized(r, r.emit("Concat", parts, {{"axis", axis}}), 0, 2), ok();
}

Status quantized_average_pool(Rewrite& r) {
  THANE_ASSIGN(const std::string order, layout(r));
  AttrMap attrs = r.node.attrs;
  attrs.emplace("layout", order);
  return become_quantized(r, r.emit("AveragePool", {dequantized(r, 0)}, attrs), 3), ok();
}

Status quantized_global_average_pool(Rewrite& r) {
  THANE_ASSIGN(const std::string order, layout(r));
  return become_quantized(r, r.emit("GlobalAveragePool", {dequantized(r, 0)}, {{"layout", order}}), 3), ok();
}

Status quantized_reduce_mean(Rewrite& r) {
  THANE_ASSIGN(const int64_t keep, r.take_or<int64_t>("keepdims", 1));
  THANE_ASSIGN(const auto axes, r.take<Dims>("axes"));
  std::vector<std::string> inputs = {dequantized(r, 0)};
  if (axes) inputs.push_back(r.int64s(*axes));
  return become_quantized(r, r.emit("ReduceMean", inputs, {{"keepdims", keep}}), 3), ok();
}

Status quantized_where(Rewrite& r) {
  return become_quantized(r, r.emit("Where", {r.input(0), dequantized(r, 1), dequantized(r, 4)}), 7, 1), ok();
}

// alpha · a_scale · b_scale · (A · B + C) in integers, then quantized unless there is no scale for that.
Status quantized_gemm(Rewrite& r) {
  THANE_ASSIGN(const int64_t trans_a, r.take_or<int64_t>("transA", 0));
  THANE_ASSIGN(const int64_t trans_b, r.take_or<int64_t>("transB", 0));
  THANE_ASSIGN(const float alpha, r.take_or<float>("alpha", 1));
  const Dims swap = {1, 0};
  const std::string a = trans_a ? r.emit("Transpose", {r.input(0)}, {{"perm", swap}}) : r.input(0);
  const std::string b = trans_b ? r.emit("Transpose", {r.input(3)}, {{"perm", swap}}) : r.input(3);
  std::string sum = r.emit("MatMulInteger", {a, b, r.input(2), r.input(5)});
  if (r.has_input(6)) sum = r.emit("Add", {sum, r.input(6)});
  std::string scale = r.input(1);
  if (alpha != 1) scale = r.emit("Mul", {scale, r.constant(Tensor::scalar(alpha))});
  scale = r.emit("Mul", {scale, r.input(4)});
  const std::string floats = cast(r, sum, kFloat);
  if (!r.has_input(7)) return r.become("Mul", {floats, scale}), ok();
  const std::string steps = r.emit("Mul", {floats, r.emit("Div", {scale, r.input(7)})});
  r.set_input(7, r.constant(Tensor::scalar(1.f)));
  return become_quantized(r, steps, 7), ok();
}

Status quantized_conv(Rewrite& r) {
  THANE_ASSIGN(const int64_t channels_last, r.take_or<int64_t>("channels_last", 0));
  std::vector<std::string> inputs = r.node.inputs;
  const AttrMap attrs = r.node.attrs;
  if (!channels_last) return r.become("QLinearConv", inputs, attrs), ok();
  inputs[0] = move_axis(r, inputs[0], -1, 1);
  const std::string y = r.emit("QLinearConv", inputs, attrs);
  return r.become_own("MoveAxis", {y}, {{"source", int64_t{1}}, {"destination", int64_t{-1}}}), ok();
}

Status matmul_integer_to_float(Rewrite& r) {
  const std::string product = r.emit("MatMulInteger", {r.input(0), r.input(1), r.input(4), r.input(5)});
  return become_scaled(r, product, r.emit("Mul", {r.input(2), r.input(3)}), 6), ok();
}

Status dynamic_quantize_matmul(Rewrite& r) {
  const auto a = r.emit_many(3, "DynamicQuantizeLinear", {r.input(0)});
  const std::string product = r.emit("MatMulInteger", {a[0], r.input(1), a[2], r.input(3)});
  return become_scaled(r, product, r.emit("Mul", {a[1], r.input(2)}), 4), ok();
}

Status quantize_linear(Rewrite& r) {
  const std::string op = r.node.op;
  const std::vector<std::string> inputs = r.node.inputs;
  const AttrMap attrs = r.node.attrs;
  return r.become(op, inputs, attrs), ok();
}

Status matmul_integer16(Rewrite& r) {
  return r.become("MatMul", {cast(r, r.input(0), kInt32), cast(r, r.input(1), kInt32)}), ok();
}

Status mul_integer(Rewrite& r) {
  const auto shifted = [&](size_t i) {
    const std::string x = cast(r, r.input(i), kInt32);
    return r.has_input(i + 1) ? r.emit("Sub", {x, cast(r, r.input(i + 1), kInt32)}) : x;
  };
  return r.become("Mul", {shifted(0), shifted(2)}), ok();
}

Status reduce_sum_integer(Rewrite& r) {
  THANE_ASSIGN(const int64_t keep, r.take_or<int64_t>("keepdims", 1));
  THANE_ASSIGN(const auto axes, r.take<Dims>("axes"));
  std::vector<std::string> inputs = {cast(r, r.input(0), kInt32)};
  if (axes) inputs.push_back(r.int64s(*axes));
  return r.become("ReduceSum", inputs, {{"keepdims", keep}}), ok();
}

}  // namespace thane::onnx
