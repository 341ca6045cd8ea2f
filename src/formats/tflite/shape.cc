// Operators that change shapes, join and repeat, or tell of shapes.
#include <algorithm>
#include <numeric>

#include "base/format.h"
#include "formats/tflite/builtins.h"
#include "formats/tflite/fixed_point.h"

namespace thane::tflite {
namespace shape_ops {
namespace {

// Integers along for the ride: the operand as it is, unless the result has another scale.
Edge moved(Op& op, size_t input) {
  const Edge x = op.raw(input);
  if (op.failed() || !op.wants(0)) return x;
  return rescaled(op, x, op.tensor(input), op.result());
}

void lower_reshape(Op& op) {
  const Edge x = op.raw(0);
  const auto listed = op.options().numbers<int32_t>(0);
  if (op.has(1)) {
    const Edge shape = op.raw(1);
    // An old way to say "as one column", and what a scalar is reshaped to.
    if (op.rank(shape) == 1) return op.set_raw(0, op.reshape(x, shape));
    return op.set_raw(0, op.reshape(x, op.reshape(shape, Dims{-1})));
  }
  Dims dims(listed.begin(), listed.end());
  if (!op.options().has(0)) dims = op.result().shape;
  if (dims == Dims{0}) dims.clear();  // how old files write a scalar
  op.set_raw(0, op.reshape(x, dims));
}

void lower_squeeze(Op& op) {
  const Edge x = op.raw(0);
  Dims axes;
  for (int32_t axis : op.options().numbers<int32_t>(0)) axes.push_back(axis);
  op.set_raw(0, axes.empty() ? op("Squeeze", {x}) : op("Squeeze", {x, op.list(axes)}));
}

void lower_expand_dims(Op& op) {
  const Edge axis = op.reshape(op.to_int64(op.raw(1)), Dims{1});
  op.set_raw(0, op("Unsqueeze", {op.raw(0), axis}));
}

void lower_pack(Op& op) {
  const int64_t axis = op.options().number<int32_t>(1);
  std::vector<Edge> parts;
  for (size_t i = 0; i < op.num_inputs(); ++i) parts.push_back(op("Unsqueeze", {moved(op, i), op.list({axis})}));
  if (!op.check(!parts.empty(), "nothing to pack")) return;
  // A negative axis counts in the result.
  op.set_raw(0, op("Concat", parts, {{"axis", axis}}));
}

void lower_unpack(Op& op) {
  const int64_t axis = op.options().number<int32_t>(1);
  const Edge x = op.raw(0);
  if (op.num_outputs() == 0) return;
  const std::vector<Edge> parts =
      op.many({.op = "Split",
               .inputs = {x},
               .outputs = op.num_outputs(),
               .attrs = {{"axis", axis}, {"num_outputs", static_cast<int64_t>(op.num_outputs())}}});
  for (size_t i = 0; i < parts.size(); ++i) op.set_raw(i, op("Squeeze", {parts[i], op.list({axis})}));
}

void lower_concatenation(Op& op) {
  std::vector<Edge> parts;
  for (size_t i = 0; i < op.num_inputs(); ++i) parts.push_back(moved(op, i));
  const Edge y = op("Concat", parts, {{"axis", int64_t{op.options().number<int32_t>(0)}}});
  const int activation = op.options().number<int8_t>(1);
  if (op.failed() || activation == 0) return op.set_raw(0, y);
  if (!is_quantized(op.result())) return op.set_raw(0, op.activated(y, activation));
  const IntegerRange range = activation_range(op, op.result(), activation);
  op.set_raw(0, op("Clip", {y, op.scalar_like(range.low, y), op.scalar_like(range.high, y)}));
}

void lower_transpose(Op& op) {
  const auto perm = op.ints(1);
  if (!op.has(0) || !op.has(1)) return op.fail(invalid_model("an operand is missing"));
  if (!perm) return op.unsupported_form("a permutation that only running reveals");
  op.set_raw(0, op.transpose(op.raw(0), *perm));
}

void lower_tile(Op& op) { op.set_raw(0, op("Tile", {op.raw(0), op.to_int64(op.raw(1))})); }

void lower_broadcast_to(Op& op) { op.set_raw(0, op("Expand", {op.raw(0), op.to_int64(op.raw(1))})); }

// The shape that two shapes broadcast to.
void lower_broadcast_args(Op& op) {
  const Edge a = op.to_int64(op.raw(0)), b = op.to_int64(op.raw(1));
  const Dim n = op.dim(a, 0), m = op.dim(b, 0);
  if (!n.is_number() || !m.is_number()) return op.unsupported_form("shapes of unknown rank");
  const int64_t rank = std::max(n.number(), m.number());
  const auto padded = [&](const Edge& shape, int64_t have) {
    return op("Concat", {op.list(Dims(static_cast<size_t>(rank - have), 1)), shape}, {{"axis", int64_t{0}}});
  };
  const Edge x = padded(a, n.number()), y = padded(b, m.number());
  const Edge result = op("Where", {op("Equal", {x, op.number(1)}), y, x});
  op.set_raw(0, op.cast(result, op.raw(0).dtype()));
}

void lower_shape(Op& op) { op.set_raw(0, op.cast(op.shape(op.raw(0)), op.result().dtype)); }

void lower_rank(Op& op) { op.set_raw(0, op.cast(op("Size", {op.shape(op.raw(0))}), DType::kInt32)); }

void lower_zeros_like(Op& op) {
  const Edge x = op.raw(0);
  op.set_raw(0, op("Expand", {op.scalar_like(0, x), op.shape(x)}));
}

void lower_fill(Op& op) { op.set_raw(0, op("Expand", {op.raw(1), op.to_int64(op.raw(0))})); }

void lower_range(Op& op) {
  const auto scalar = [&](size_t i) { return op.reshape(op.raw(i), Dims{}); };
  op.set_raw(0, op("Range", {scalar(0), scalar(1), scalar(2)}));
}

// --- padding

// [rank, 2] begins and ends → all begins, then all ends.
Edge onnx_pads(Op& op, const Edge& pads) { return op.reshape(op.transpose(op.to_int64(pads), {1, 0}), Dims{-1}); }

void lower_pad(Op& op) {
  const Edge x = op.raw(0);
  if (!op.has(0)) return op.fail(invalid_model("an operand is missing"));
  Edge value = op.has(2) ? op.reshape(op.raw(2), Dims{}) : Edge{};
  if (!value.present() && is_quantized(op.tensor(0))) {
    value = op.scalar_like(static_cast<double>(op.tensor(0).quantization.zero_point()), x);
  }
  op.set_raw(0, op("Pad", {x, onnx_pads(op, op.raw(1)), value}));
}

void lower_mirror_pad(Op& op) {
  const bool symmetric = op.options().number<int8_t>(0) == 1;
  const Edge x = op.raw(0);
  if (!symmetric) return op.set_raw(0, op("Pad", {x, onnx_pads(op, op.raw(1))}, {{"mode", std::string("reflect")}}));
  // With the edge itself: per axis, the first and last elements turned around.
  const auto pads = op.ints(1);
  if (!pads) return op.unsupported_form("symmetric padding that only running reveals");
  Edge y = x;
  const int rank = op.rank(x);
  if (!op.check(pads->size() == 2 * static_cast<size_t>(rank), "padding of another rank")) return;
  for (int axis = 0; axis < rank; ++axis) {
    const int64_t before = (*pads)[2 * static_cast<size_t>(axis)], after = (*pads)[2 * static_cast<size_t>(axis) + 1];
    if (before == 0 && after == 0) continue;
    std::vector<Edge> parts;
    const auto part = [&](int64_t start, int64_t end) {
      parts.push_back(op("Slice", {y, op.list({start}), op.list({end}), op.list({axis}), op.list({-1})}));
    };
    if (before > 0) part(before - 1, INT64_MIN);
    parts.push_back(y);
    if (after > 0) part(-1, -after - 1);
    y = op("Concat", parts, {{"axis", int64_t{axis}}});
  }
  op.set_raw(0, y);
}

// --- blocks

void lower_depth_to_space(Op& op) {
  op.set_raw(0,
             op("DepthToSpace", {op.raw(0)},
                {{"blocksize", int64_t{op.options().number<int32_t>(0)}}, {"layout", std::string("channels_last")}}));
}
void lower_space_to_depth(Op& op) {
  op.set_raw(0,
             op("SpaceToDepth", {op.raw(0)},
                {{"blocksize", int64_t{op.options().number<int32_t>(0)}}, {"layout", std::string("channels_last")}}));
}

// Sizes of axes as an int64 vector, symbolic ones included.
Edge slice_of_shape(Op& op, const Edge& shape, int64_t begin, int64_t end) {
  return op("Slice", {shape, op.list({begin}), op.list({end})});
}

// [batch, spatial…, rest…] padded, each spatial axis cut into (size/block, block), the blocks moved to the batch.
void lower_space_to_batch(Op& op) {
  const Edge x = op.raw(0), block = op.to_int64(op.raw(1));
  const Dim count = op.dim(block, 0);
  const int rank = op.rank(x);
  if (!count.is_number()) return op.unsupported_form("an unknown number of block sizes");
  const int64_t m = count.number();
  if (!op.check(m >= 1 && m < rank, "more block sizes than axes")) return;
  const Edge zeros = op.list({0}), tail_zeros = op.list(Dims(static_cast<size_t>(rank - 1 - m), 0));
  const Edge pads = op.transpose(op.to_int64(op.raw(2)), {1, 0});  // [2, m]
  const auto row = [&](int64_t i) { return op.reshape(op("Slice", {pads, op.list({i}), op.list({i + 1})}), Dims{-1}); };
  const Edge all_pads = op("Concat", {zeros, row(0), tail_zeros, zeros, row(1), tail_zeros}, {{"axis", int64_t{0}}});
  Edge value;
  if (is_quantized(op.tensor(0)))
    value = op.scalar_like(static_cast<double>(op.tensor(0).quantization.zero_point()), x);
  const Edge padded = op("Pad", {x, all_pads, value});
  const Edge shape = op.shape(padded);
  const Edge batch = slice_of_shape(op, shape, 0, 1), spatial = slice_of_shape(op, shape, 1, 1 + m);
  const Edge rest = slice_of_shape(op, shape, 1 + m, rank);
  const Edge blocks = op("Div", {spatial, block});
  const Edge pairs =
      op.reshape(op("Concat", {op("Unsqueeze", {blocks, op.list({1})}), op("Unsqueeze", {block, op.list({1})})},
                    {{"axis", int64_t{1}}}),
                 Dims{-1});
  const Edge cut = op.reshape(padded, op("Concat", {batch, pairs, rest}, {{"axis", int64_t{0}}}));
  Dims perm;
  for (int64_t i = 0; i < m; ++i) perm.push_back(2 + 2 * i);
  perm.push_back(0);
  for (int64_t i = 0; i < m; ++i) perm.push_back(1 + 2 * i);
  for (int64_t i = 1 + 2 * m; i < rank + m; ++i) perm.push_back(i);
  const Edge product = op("ReduceProd", {block, op.list({0})});
  op.set_raw(0, op.reshape(op.transpose(cut, perm),
                           op("Concat", {op("Mul", {batch, product}), blocks, rest}, {{"axis", int64_t{0}}})));
}

void lower_batch_to_space(Op& op) {
  const Edge x = op.raw(0), block = op.to_int64(op.raw(1));
  const Dim count = op.dim(block, 0);
  const int rank = op.rank(x);
  if (!count.is_number()) return op.unsupported_form("an unknown number of block sizes");
  const int64_t m = count.number();
  if (!op.check(m >= 1 && m < rank, "more block sizes than axes")) return;
  const Edge shape = op.shape(x);
  const Edge batch = op("Div", {slice_of_shape(op, shape, 0, 1), op("ReduceProd", {block, op.list({0})})});
  const Edge spatial = slice_of_shape(op, shape, 1, 1 + m), rest = slice_of_shape(op, shape, 1 + m, rank);
  const Edge cut = op.reshape(x, op("Concat", {block, batch, spatial, rest}, {{"axis", int64_t{0}}}));
  Dims perm = {m};
  for (int64_t i = 0; i < m; ++i) perm.insert(perm.end(), {m + 1 + i, i});
  for (int64_t i = 2 * m + 1; i < rank + m; ++i) perm.push_back(i);
  const Edge sizes = op("Mul", {spatial, block});
  const Edge full = op.reshape(op.transpose(cut, perm), op("Concat", {batch, sizes, rest}, {{"axis", int64_t{0}}}));
  const Edge crops = op.transpose(op.to_int64(op.raw(2)), {1, 0});
  const auto row = [&](int64_t i) {
    return op.reshape(op("Slice", {crops, op.list({i}), op.list({i + 1})}), Dims{-1});
  };
  Dims axes(static_cast<size_t>(m));
  std::iota(axes.begin(), axes.end(), 1);
  op.set_raw(0, op("Slice", {full, row(0), op("Sub", {sizes, row(1)}), op.list(axes)}));
}

// --- types

Edge real_part(Op& op, const Edge& x) {
  return op("Gather", {op.own("ViewAsReal", {x}), op.number(0)}, {{"axis", int64_t{-1}}});
}
Edge complex_of(Op& op, const Edge& x) {
  const Edge pair = op("Pad", {op("Unsqueeze", {x, op.list({-1})}), op.list({0, 1}), Edge{}, op.list({-1})});
  return op.own("ViewAsComplex", {pair});
}

void lower_cast(Op& op) {
  const Edge x = op.raw(0);
  const DType to = op.result().dtype;
  if (x.dtype() == to) return op.set_raw(0, op("Identity", {x}));
  if (to == DType::kUndefined || to == DType::kString) return op.unsupported_form(format("to {}", dtype_name(to)));
  if (mask_of(x.dtype()) & kComplexes) {
    return op.set_raw(0, mask_of(to) & kComplexes ? op("Identity", {x}) : op.cast(real_part(op, x), to));
  }
  if (to == DType::kComplex64) return op.set_raw(0, complex_of(op, op.cast(x, DType::kFloat32)));
  op.set_raw(0, op.cast(x, to));
}

void lower_bitcast(Op& op) {
  const DType to = op.wants(0) ? op.result().dtype : DType::kUndefined;
  const Edge x = op.raw(0);
  if (dtype_bits(to) != dtype_bits(x.dtype())) return op.unsupported_form("between dtypes of different sizes");
  op.set_raw(0, op("BitCast", {x}, {{"to", static_cast<int64_t>(to)}}));
}

void lower_reverse(Op& op) {
  const auto axes = op.ints(1);
  const Edge x = op.raw(0);
  if (!op.has(1)) return op.fail(invalid_model("an operand is missing"));
  if (!axes) return op.unsupported_form("axes that only running reveals");
  if (axes->empty()) return op.set_raw(0, op("Identity", {x}));
  const size_t n = axes->size();
  op.set_raw(0,
             op("Slice", {x, op.list(Dims(n, -1)), op.list(Dims(n, INT64_MIN)), op.list(*axes), op.list(Dims(n, -1))}));
}

void lower_reverse_sequence(Op& op) {
  op.set_raw(0, op("ReverseSequence", {op.raw(0), op.to_int64(op.raw(1))},
                   {{"time_axis", int64_t{op.options().number<int32_t>(0)}},
                    {"batch_axis", int64_t{op.options().number<int32_t>(1)}}}));
}

constexpr Builtin kRows[] = {
    {2, "CONCATENATION", 10, lower_concatenation},
    {5, "DEPTH_TO_SPACE", 94, lower_depth_to_space},
    {22, "RESHAPE", 17, lower_reshape},
    {26, "SPACE_TO_DEPTH", 19, lower_space_to_depth},
    {34, "PAD", 0, lower_pad},
    {37, "BATCH_TO_SPACE_ND", 0, lower_batch_to_space},
    {38, "SPACE_TO_BATCH_ND", 0, lower_space_to_batch},
    {39, "TRANSPOSE", 0, lower_transpose},
    {43, "SQUEEZE", 30, lower_squeeze},
    {53, "CAST", 37, lower_cast},
    {60, "PADV2", 0, lower_pad},
    {69, "TILE", 0, lower_tile},
    {70, "EXPAND_DIMS", 0, lower_expand_dims},
    {77, "SHAPE", 0, lower_shape},
    {83, "PACK", 59, lower_pack},
    {88, "UNPACK", 64, lower_unpack},
    {93, "ZEROS_LIKE", 0, lower_zeros_like},
    {94, "FILL", 0, lower_fill},
    {96, "RANGE", 0, lower_range},
    {100, "MIRROR_PAD", 77, lower_mirror_pad},
    {105, "REVERSE_V2", 0, lower_reverse},
    {110, "RANK", 0, lower_rank},
    {112, "REVERSE_SEQUENCE", 87, lower_reverse_sequence},
    {130, "BROADCAST_TO", 0, lower_broadcast_to},
    {145, "BROADCAST_ARGS", 0, lower_broadcast_args},
    {159, "BITCAST", 0, lower_bitcast},
};

}  // namespace
}  // namespace shape_ops

std::span<const Builtin> shape_builtins() { return shape_ops::kRows; }

}  // namespace thane::tflite
