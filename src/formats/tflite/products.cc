// Convolutions and products of matrices. Weights turn to ONNX's order as constants; data keep their channels last.
#include "base/format.h"
#include "formats/tflite/builtins.h"
#include "formats/tflite/fixed_point.h"
#include "formats/tflite/hybrid.h"
#include "formats/tflite/window.h"

namespace thane::tflite {
namespace products_ops {
namespace {

// Weights as reals: float16 ones widened, integers beside real data dequantized.
Edge real_weights(Op& op, size_t i) {
  const Edge weights = op.raw(i);
  const TensorInfo& info = op.tensor(i);
  if (info.quantization.block_size > 0) return dequantized_blocks(op, i);
  if (is_quantized(info)) return op.dequantized(weights, info);
  return op.cast(weights, DType::kFloat32);
}

Edge real_bias(Op& op, size_t i) {
  if (!op.has(i)) return {};
  const Edge bias = op.raw(i);
  const TensorInfo& info = op.tensor(i);
  if (info.dtype == DType::kInt32 && info.quantization.present()) return op.dequantized(bias, info);
  return op.cast(bias, DType::kFloat32);
}

// --- convolutions

Window conv_window(const Table& options) {
  return {.valid = options.number<int8_t>(0) == 1,
          .strides = {options.number<int32_t>(2), options.number<int32_t>(1)},
          .dilations = {options.number<int32_t>(5, 1), options.number<int32_t>(4, 1)},
          .activation = options.number<int8_t>(3)};
}
Window depthwise_window(const Table& options) {
  return {.valid = options.number<int8_t>(0) == 1,
          .strides = {options.number<int32_t>(2), options.number<int32_t>(1)},
          .dilations = {options.number<int32_t>(6, 1), options.number<int32_t>(5, 1)},
          .activation = options.number<int8_t>(4)};
}

// Groups of a convolution: channels of the data over those of one kernel.
int64_t groups(Op& op, const Edge& x, const Edge& weights) {
  const Dim have = op.dim(x, -1), each = op.dim(weights, -1);
  if (!have.is_number() || !each.is_number()) return 1;
  if (!op.check(each.number() > 0 && have.number() % each.number() == 0,
                format("{} channels of data for kernels of {}", have.number(), each.number())))
    return 1;
  return std::max<int64_t>(have.number() / each.number(), 1);
}

void lower_conv(Op& op, const Edge& x, Edge weights, const Edge& bias, const Window& window, int64_t group) {
  AttrMap attrs = window.attrs(op);
  attrs["group"] = group;
  const Edge y = op("Conv", {x, weights, bias}, std::move(attrs));
  op.done(op.activated(y, window.activation));
}

void lower_conv_2d(Op& op) {
  const Window window = conv_window(op.options());
  const Edge raw = op.raw(1);
  if (!op.check(op.rank(raw) == 4 && op.rank(op.raw(0)) == 4,
                "a convolution of data or weights that are not of rank 4"))
    return;
  const int64_t group = groups(op, op.raw(0), raw);
  if (has_fixed_product(op)) return lower_fixed_conv(op, window, group, {0, 3, 1, 2});
  if (is_hybrid(op)) return lower_hybrid_conv(op, window, group, {0, 3, 1, 2});
  lower_conv(op, op.in(0), op.transpose(real_weights(op, 1), {0, 3, 1, 2}), real_bias(op, 2), window, group);
}

void lower_depthwise_conv_2d(Op& op) {
  const Window window = depthwise_window(op.options());
  const Edge x = op.raw(0);
  if (!op.check(op.rank(op.raw(1)) == 4 && op.rank(x) == 4, "a convolution of data or weights that are not of rank 4"))
    return;
  const Dim channels = op.dim(x, 3), outputs = op.dim(op.raw(1), 3);
  // The group count follows from the data; where those are open, from the weights and the multiplier.
  const auto multiplier = op.options().number<int32_t>(3);
  int64_t group = channels.is_number()                    ? channels.number()
                  : outputs.is_number() && multiplier > 0 ? outputs.number() / multiplier
                                                          : 1;
  if (!op.check(group > 0, "a convolution of no channels")) return;
  if (has_fixed_product(op)) return lower_fixed_conv(op, window, group, {3, 0, 1, 2});
  if (is_hybrid(op)) return lower_hybrid_conv(op, window, group, {3, 0, 1, 2});
  lower_conv(op, op.in(0), op.transpose(real_weights(op, 1), {3, 0, 1, 2}), real_bias(op, 2), window, group);
}

// The result's shape is an operand, and with it and SAME or VALID the padding is settled.
void lower_transposed(Op& op, size_t shape_input, size_t weights_input, size_t data_input, size_t bias_input,
                      const Window& window, const Dims& perm) {
  const Edge x = op.in(data_input);
  const Edge raw = op.raw(weights_input);
  const size_t spatial = window.strides.size();
  if (!op.check(op.rank(x) == static_cast<int>(spatial + 2) && op.rank(raw) == static_cast<int>(spatial + 2),
                "a transposed convolution of data or weights of another rank"))
    return;
  const auto shape = op.ints(shape_input);
  AttrMap attrs = window.attrs(op);
  if (shape) {
    if (!op.check(shape->size() == spatial + 2, "the output's shape has another rank")) return;
    Dims pads(2 * spatial), extra(spatial);
    for (size_t i = 0; i < spatial; ++i) {
      const Dim in = op.dim(x, static_cast<int>(1 + i));
      const Dim kernel = op.dim(raw, static_cast<int>(perm[2 + i]));
      const int64_t out = (*shape)[1 + i];
      if (!in.is_number() || !kernel.is_number()) return op.unsupported_form("sizes that only running reveals");
      // Forward, this output would be the input: its padding is the transposed convolution's cropping.
      const int64_t extent = (kernel.number() - 1) * window.dilations[i] + 1;
      const int64_t full = (in.number() - 1) * window.strides[i] + extent;
      const int64_t total = window.valid ? 0 : std::max<int64_t>(full - out, 0);
      pads[i] = total / 2;
      pads[spatial + i] = full - pads[i] - out;
      if (pads[spatial + i] < 0) {
        extra[i] = -pads[spatial + i];
        pads[spatial + i] = 0;
      }
    }
    attrs.erase("auto_pad");
    attrs["pads"] = pads;
    // What lies beyond the last window is nothing but the bias.
    bool any = false;
    for (size_t i = 0; i < spatial; ++i) any |= extra[i] > 0;
    if (any) attrs["output_padding"] = extra;
  } else {
    // Unknown batch or sizes: SAME gives input · stride, VALID what the windows span.
    if (!window.valid) attrs["auto_pad"] = std::string("SAME_UPPER");
  }
  if (has_fixed_product(op, data_input, weights_input)) {
    return lower_fixed_conv_transpose(op, {data_input, weights_input, bias_input}, std::move(attrs), perm,
                                      window.activation);
  }
  const Edge y =
      op("ConvTranspose", {x, op.transpose(real_weights(op, weights_input), perm), real_bias(op, bias_input)},
         std::move(attrs));
  op.done(op.activated(y, window.activation));
}

void lower_transpose_conv(Op& op) {
  const Table options = op.options();
  const Window window{.valid = options.number<int8_t>(0) == 1,
                      .strides = {options.number<int32_t>(2), options.number<int32_t>(1)},
                      .dilations = {1, 1},
                      .activation = options.number<int8_t>(3)};
  lower_transposed(op, 0, 1, 2, 3, window, {3, 0, 1, 2});  // OHWI → IOHW
}

Window conv_3d_window(const Table& options) {
  return {.valid = options.number<int8_t>(0) == 1,
          .strides = {options.number<int32_t>(1), options.number<int32_t>(3), options.number<int32_t>(2)},
          .dilations = {options.number<int32_t>(5, 1), options.number<int32_t>(7, 1), options.number<int32_t>(6, 1)},
          .activation = options.number<int8_t>(4)};
}

void lower_conv_3d(Op& op) {
  const Edge x = op.in(0), weights = real_weights(op, 1);  // DHWIO
  if (!op.check(op.rank(x) == 5 && op.rank(weights) == 5, "a convolution of data or weights that are not of rank 5"))
    return;
  const Dim have = op.dim(x, 4), each = op.dim(weights, 3);
  const int64_t group = have.is_number() && each.is_number() && each.number() > 0 ? have.number() / each.number() : 1;
  lower_conv(op, x, op.transpose(weights, {4, 3, 0, 1, 2}), real_bias(op, 2), conv_3d_window(op.options()),
             std::max<int64_t>(group, 1));
}

void lower_conv_3d_transpose(Op& op) {
  lower_transposed(op, 0, 1, 2, 3, conv_3d_window(op.options()), {4, 3, 0, 1, 2});  // DHWOI → IODHW
}

// --- products

void lower_fully_connected(Op& op) {
  const Table options = op.options();
  const int activation = options.number<int8_t>(0);
  if (options.number<int8_t>(1) != 0) return op.unsupported_form("shuffled weights");
  const Edge raw = op.raw(1);
  if (!op.check(op.rank(raw) == 2, "weights that are no matrix")) return;
  const Dim depth = op.dim(raw, 1), units = op.dim(raw, 0);
  Edge x = op.raw(0);
  const int rank = op.rank(x);
  const bool keep = options.flag(2);
  SymDims out;
  if (const SymDims* dims = x.dims(); keep && dims && !dims->empty()) out.assign(dims->begin(), dims->end() - 1);
  if (rank != 2 || !(op.dim(x, 1) == depth)) x = op.reshape(x, SymDims{Dim::unknown(), depth});
  Edge y;
  const FullyConnected parts{x, activation};
  if (has_fixed_product(op)) {
    y = fixed_fully_connected(op, parts);
  } else if (is_hybrid(op) || (op.tensor(0).dtype == DType::kFloat32 && !block_scales(op, 1).empty())) {
    y = hybrid_fully_connected(op, parts);
  } else {
    if (is_quantized(op.tensor(0))) x = op.dequantized(x, op.tensor(0));
    const Edge weights = real_weights(op, 1);
    const bool known = op.build().graph().constant(weights.id) || raw.owner->graph().constant(raw.id);
    y = known || op.has(2) ? op("Gemm", {x, weights, real_bias(op, 2)}, {{"transB", int64_t{1}}})
                           : op("MatMul", {x, op.transpose(weights, {1, 0})});
    y = op.activated(y, activation);
  }
  if (keep && rank != 2) {
    out.push_back(units);
    int open = 0;
    for (const Dim& dim : out) open += !dim.is_number();
    if (open <= 1) {
      y = op.reshape(y, out);
    } else {
      const Edge lead = op("Slice", {op.shape(op.raw(0)), op.list({0}), op.list({-1})});
      y = op.reshape(y,
                     op("Concat", {lead, op.list({units.is_number() ? units.number() : -1})}, {{"axis", int64_t{0}}}));
    }
  }
  op.done(y);
}

Edge swapped(Op& op, const Edge& x) {
  const int rank = op.rank(x);
  if (!op.check(rank >= 2, "a product of something of rank below 2")) return x;
  Dims perm;
  for (int i = 0; i < rank; ++i) perm.push_back(i);
  std::swap(perm[static_cast<size_t>(rank) - 1], perm[static_cast<size_t>(rank) - 2]);
  return op.transpose(x, perm);
}

// Whether scales belong to columns of the product, or to all of it.
bool scaled_by_column(Op& op, bool transposed) {
  if (!op.has(1) || !op.tensor(1).quantization.per_axis()) return true;
  const auto rank = static_cast<int>(op.tensor(1).shape.size());
  return op.tensor(1).quantization.axis == rank - (transposed ? 2 : 1);
}

void lower_batch_matmul(Op& op) {
  const bool adj_x = op.options().flag(0), adj_y = op.options().flag(1);
  const bool by_column = scaled_by_column(op, adj_y);
  if (by_column && has_fixed_product(op)) {
    const Edge a = adj_x ? swapped(op, op.raw(0)) : op.raw(0), b = adj_y ? swapped(op, op.raw(1)) : op.raw(1);
    return lower_fixed_batch_matmul(op, a, b);
  }
  if (by_column && is_hybrid(op)) {
    const Edge a = adj_x ? swapped(op, op.in(0)) : op.in(0), b = adj_y ? swapped(op, op.raw(1)) : op.raw(1);
    return lower_hybrid_batch_matmul(op, a, b);
  }
  const auto real = [&](size_t i) { return is_quantized(op.tensor(i)) ? real_weights(op, i) : op.in(i); };
  if (!op.has(0) || !op.has(1)) return op.fail(invalid_model("an operand is missing"));
  const Edge a = real(0), b = real(1);
  op.done(op("MatMul", {adj_x ? swapped(op, a) : a, adj_y ? swapped(op, b) : b}));
}

constexpr Builtin kRows[] = {
    {3, "CONV_2D", 1, lower_conv_2d, Quantized::kReal},
    {4, "DEPTHWISE_CONV_2D", 2, lower_depthwise_conv_2d, Quantized::kReal},
    {9, "FULLY_CONNECTED", 8, lower_fully_connected, Quantized::kReal},
    {67, "TRANSPOSE_CONV", 49, lower_transpose_conv, Quantized::kReal},
    {126, "BATCH_MATMUL", 101, lower_batch_matmul, Quantized::kReal},
    {132, "CONV_3D", 106, lower_conv_3d, Quantized::kReal},
    {141, "CONV_3D_TRANSPOSE", 106, lower_conv_3d_transpose, Quantized::kReal},
};

}  // namespace
}  // namespace products_ops

std::span<const Builtin> product_builtins() { return products_ops::kRows; }

}  // namespace thane::tflite
