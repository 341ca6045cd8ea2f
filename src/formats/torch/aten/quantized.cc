#include "formats/torch/aten/quantized.h"

#include <algorithm>

namespace thane::aten {

Edge dequantized(const Ops& ops, const TensorPtr& tensor) {
  const Edge x = must(ops.context.read(tensor));
  if (!tensor->quantization) return x;
  const Quantization& q = *tensor->quantization;
  return ops.op("DequantizeLinear", {x, q.scale, ops.cast(q.zero_point, x.dtype())},
                {{"axis", std::max<int64_t>(q.axis, 0)}});
}

TensorPtr quantized(const Ops& ops, const Edge& real, const std::shared_ptr<const Quantization>& how, DType dtype) {
  const Edge x = ops.cast(real, DType::kFloat32);
  if (dtype != DType::kInt32) {
    return ops.context.tensor(ops.op("QuantizeLinear", {x, how->scale, ops.cast(how->zero_point, dtype)},
                                     {{"axis", std::max<int64_t>(how->axis, 0)}}),
                              how);
  }
  if (how->axis >= 0) fail(unsupported("quantization to int32 per channel"));
  const Edge scaled = ops.op("Round", {ops.div(x, how->scale)});
  return ops.context.tensor(ops.cast(ops.add(scaled, ops.cast(how->zero_point, DType::kFloat32)), dtype), how);
}

std::shared_ptr<const Quantization> per_tensor(const Ops& ops, double scale, int64_t zero_point) {
  return std::make_shared<Quantization>(
      Quantization{ops.scalar(scale, DType::kFloat32), ops.scalar(static_cast<double>(zero_point), DType::kInt64), -1});
}

Result<Value> unpack_state(Context& context, std::string_view class_name, const Value& state) {
  (void)context;
  return guarded([&]() -> Value {
    const auto* items = state.items();
    auto packed = std::make_shared<PackedWeights>();
    if (class_name.find("Linear") != std::string_view::npos) {
      if (!items || items->size() != 2 || !(*items)[0].is_tensor()) {
        fail(invalid_model("packed weights of an unknown form").expecting("(weight, bias)"));
      }
      packed->weight = (*items)[0].tensor();
      packed->bias = (*items)[1];
      return ObjectPtr(packed);
    }
    // (version, [configuration, weight], [bias])
    const auto* tensors = items && items->size() == 3 ? (*items)[1].items() : nullptr;
    const auto* optional = items && items->size() == 3 ? (*items)[2].items() : nullptr;
    if (!tensors || tensors->size() < 2 || !(*tensors)[0].is_tensor() || !(*tensors)[1].is_tensor()) {
      fail(unsupported(format("the packed weights of {}", class_name)));
    }
    const thane::Tensor* config = must(context.read((*tensors)[0].tensor())).known();
    if (!config || config->size() < 1) fail(invalid_model("packed weights without a configuration"));
    const int64_t n = config->as_int64(0);
    if (n < 1 || n > 3 || config->size() < 1 + 4 * n + 2)
      fail(invalid_model("packed weights with a short configuration"));
    const auto list = [&](int64_t from) {
      Dims values;
      for (int64_t i = 0; i < n; ++i) values.push_back(config->as_int64(from + i));
      return values;
    };
    packed->stride = list(1);
    packed->padding = list(1 + n);
    packed->dilation = list(1 + 2 * n);
    packed->output_padding = list(1 + 3 * n);
    packed->groups = config->as_int64(1 + 4 * n);
    packed->transposed = config->as_int64(2 + 4 * n) & 1;
    packed->weight = (*tensors)[1].tensor();
    if (optional && !optional->empty()) packed->bias = optional->front();
    return ObjectPtr(packed);
  });
}

namespace quantized_ops {
namespace {

const PackedWeights& weights_of(Call& c, std::string_view name) {
  const Value& value = c[name];
  const auto* packed = value.is_object() ? dynamic_cast<const PackedWeights*>(value.object().get()) : nullptr;
  if (!packed) fail(invalid_model(format("{} is {}", name, value.kind())).expecting("packed weights"));
  return *packed;
}
DType dtype_of(Call& c, std::string_view name) {
  const auto dtype = dtype_of_c10(c.integer(name));
  if (!dtype) c.refuse("quantization to this type");
  return *dtype;
}
Edge real_of(Call& c, std::string_view name) { return dequantized(c, c.box(name)); }
// What the op's output scale and zero point say.
Value requantized(Call& c, const Edge& real, std::string_view scale, std::string_view zero_point, DType dtype) {
  return quantized(c, real, per_tensor(c, c.real(scale), c.integer(zero_point)), dtype);
}

Value quantize_per_tensor(Call& c) {
  auto how = std::make_shared<Quantization>(
      Quantization{c.number("scale", DType::kFloat32), c.number("zero_point", DType::kInt64), -1});
  return quantized(c, c.edge("self"), how, dtype_of(c, "dtype"));
}
Value quantize_per_channel(Call& c) {
  auto how = std::make_shared<Quantization>(Quantization{
      c.cast(c.edge("scales"), DType::kFloat32), c.cast(c.edge("zero_points"), DType::kInt64), c.integer("axis")});
  return quantized(c, c.edge("self"), how, dtype_of(c, "dtype"));
}
Value dequantize(Call& c) {
  if (c.declares("self")) return c.tensor(real_of(c, "self"));
  std::vector<Value> items;
  for (const TensorPtr& box : c.boxes("tensors")) items.push_back(c.tensor(dequantized(c, box)));
  return Value::list(std::move(items));
}
Value int_repr(Call& c) { return c.tensor(c.edge("self")); }
const Quantization& quantization_of(Call& c) {
  if (!c.box("self")->quantization) fail(invalid_model("a scale of a tensor that is not quantized"));
  return *c.box("self")->quantization;
}
Value q_scale(Call& c) { return c.context.scalar(c.cast(quantization_of(c).scale, DType::kFloat64)); }
Value q_zero_point(Call& c) { return c.context.scalar(c.cast(quantization_of(c).zero_point, DType::kInt64)); }

Edge linear_product(Call& c, const Edge& x, const PackedWeights& packed) {
  const Edge weight = dequantized(c, packed.weight);
  const Edge y = c.matmul(x, c.swap(weight, 0, 1));
  return packed.bias.is_tensor() ? c.add(y, c.edge_of(packed.bias)) : y;
}
template <bool kRelu>
Value linear(Call& c) {
  const PackedWeights& packed = weights_of(c, "W_prepack");
  Edge y = linear_product(c, real_of(c, "X"), packed);
  if (kRelu) y = c.op("Relu", {y});
  return requantized(c, y, "Y_scale_i", "Y_zero_point_i", DType::kUInt8);
}
// Activations are quantized as they come, by their own range.
template <bool kRelu>
Value linear_dynamic(Call& c) {
  const auto q = c.many({.op = "DynamicQuantizeLinear", .inputs = {c.edge("X")}, .outputs = 3, .attrs = {}});
  Edge y = linear_product(c, c.op("DequantizeLinear", {q[0], q[1], q[2]}), weights_of(c, "W_prepack"));
  return c.tensor(kRelu ? c.op("Relu", {y}) : y);
}
template <bool kRelu>
Value conv(Call& c) {
  const PackedWeights& packed = weights_of(c, "packed_weight");
  if (packed.transposed) c.refuse("a quantized transposed convolution");
  Edge x = real_of(c, "qx"), weight = dequantized(c, packed.weight);
  // Weights of one dimension are packed with a second one.
  const bool flat = c.rank(weight) == c.rank(x) + 1;
  if (flat) x = c.unsqueeze(x, {2});
  Dims pads = packed.padding;
  pads.insert(pads.end(), packed.padding.begin(), packed.padding.end());
  std::vector<Edge> inputs = {x, weight};
  if (packed.bias.is_tensor()) inputs.push_back(c.edge_of(packed.bias));
  Edge y = c.op("Conv", std::move(inputs),
                {{"strides", packed.stride}, {"pads", pads}, {"dilations", packed.dilation}, {"group", packed.groups}});
  if (flat) y = c.squeeze(y, {2});
  if (kRelu) y = c.op("Relu", {y});
  return requantized(c, y, "output_scale", "output_zero_point", c.dtype("qx"));
}
template <bool kMultiply, bool kRelu>
Value binary(Call& c) {
  const Edge a = real_of(c, "qa"), b = real_of(c, "qb");
  Edge y = kMultiply ? c.mul(a, b) : c.add(a, b);
  if (kRelu) y = c.op("Relu", {y});
  return requantized(c, y, "scale", "zero_point", c.dtype("qa"));
}
Value cat(Call& c) {
  std::vector<Edge> parts;
  const auto boxes = c.boxes("qx");
  for (const TensorPtr& box : boxes) parts.push_back(dequantized(c, box));
  const Edge y = c.concat(std::move(parts), c.integer("dim"));
  const DType dtype = must(c.context.read(boxes.at(0))).dtype();
  if (!c.has("scale")) return quantized(c, y, boxes[0]->quantization, dtype);
  return requantized(c, y, "scale", "zero_point", dtype);
}
Value hardswish(Call& c) {
  return requantized(c, c.op("HardSwish", {real_of(c, "input")}), "output_scale", "output_zero_point",
                     c.dtype("input"));
}
Value fake_quantize(Call& c) {
  const Edge x = c.edge("self");
  const bool channels = c.declares("axis");
  Edge scale = channels ? c.edge("scale") : c.number("scale", DType::kFloat32);
  Edge zero = c.cast(channels ? c.edge("zero_point") : c.number("zero_point", DType::kInt64), DType::kFloat32);
  if (channels) {
    Dims dims(c.rank(x), 1);
    dims[c.axis(c.integer("axis"), c.rank(x))] = -1;
    scale = c.reshape(scale, dims), zero = c.reshape(zero, dims);
  }
  const Edge steps = c.add(c.op("Round", {c.div(x, scale)}), zero);
  const Edge bounded = c.op("Clip", {steps, c.like(c.real("quant_min"), steps), c.like(c.real("quant_max"), steps)});
  return c.tensor(c.mul(c.sub(bounded, zero), scale));
}
Value linear_prepack(Call& c) {
  auto packed = std::make_shared<PackedWeights>();
  packed->weight = c.box("W");
  packed->bias = c["B"];
  return ObjectPtr(packed);
}
Value conv_prepack(Call& c) {
  auto packed = std::make_shared<PackedWeights>();
  packed->weight = c.box("weight");
  packed->bias = c["bias"];
  packed->stride = c.ints("stride"), packed->padding = c.ints("padding"), packed->dilation = c.ints("dilation");
  packed->groups = c.integer("groups");
  return ObjectPtr(packed);
}

constexpr Row kRows[] = {
    {"quantize_per_tensor", quantize_per_tensor},
    {"quantize_per_channel", quantize_per_channel},
    {"dequantize", dequantize},
    {"int_repr", int_repr},
    {"q_scale", q_scale},
    {"q_zero_point", q_zero_point},
    {"fake_quantize_per_tensor_affine", fake_quantize},
    {"fake_quantize_per_channel_affine", fake_quantize},
    {"quantized::linear", linear<false>},
    {"quantized::linear_relu", linear<true>},
    {"quantized::linear_dynamic", linear_dynamic<false>},
    {"quantized::linear_relu_dynamic", linear_dynamic<true>},
    {"quantized::conv1d", conv<false>},
    {"quantized::conv2d", conv<false>},
    {"quantized::conv3d", conv<false>},
    {"quantized::conv1d_relu", conv<true>},
    {"quantized::conv2d_relu", conv<true>},
    {"quantized::conv3d_relu", conv<true>},
    {"quantized::add", binary<false, false>},
    {"quantized::add_relu", binary<false, true>},
    {"quantized::mul", binary<true, false>},
    {"quantized::mul_relu", binary<true, true>},
    {"quantized::cat", cat},
    {"quantized::hardswish", hardswish},
    {"quantized::linear_prepack", linear_prepack},
    {"quantized::conv2d_prepack", conv_prepack},
};

}  // namespace
}  // namespace quantized_ops

std::span<const Row> quantized_rows() { return quantized_ops::kRows; }

}  // namespace thane::aten
