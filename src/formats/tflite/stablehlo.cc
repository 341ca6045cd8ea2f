// Operators of the StableHLO list that have a direct meaning here.
#include <algorithm>

#include "base/format.h"
#include "formats/tflite/builtins.h"

namespace thane::tflite {
namespace stablehlo_ops {
namespace {

constexpr std::string_view kSigmoid = "Sigmoid", kAdd = "Add", kDiv = "Div", kMul = "Mul", kMax = "Max", kMin = "Min",
                           kAbs = "Abs", kCos = "Cos", kExp = "Exp", kFloor = "Floor", kLog = "Log", kNeg = "Neg",
                           kPow = "Pow", kSub = "Sub", kTanh = "Tanh";

template <const std::string_view& kName>
void lower_one(Op& op) {
  op.done(op(kName, {op.in(0)}));
}
template <const std::string_view& kName>
void lower_two(Op& op) {
  op.done(op(kName, {op.in(0), op.in(1)}));
}

// On bools, or bit by bit.
template <bool kAnd>
void lower_bits(Op& op) {
  const Edge a = op.in(0), b = op.in(1);
  if (a.dtype() == DType::kBool) return op.done(op(kAnd ? "And" : "Or", {a, b}));
  op.done(op(kAnd ? "BitwiseAnd" : "BitwiseOr", {a, b}));
}

void lower_reshape(Op& op) {
  if (op.wants(0)) op.set_raw(0, op.reshape(op.raw(0), op.result().shape));
}
void lower_clamp(Op& op) { op.done(op("Min", {op("Max", {op.in(1), op.in(0)}), op.in(2)})); }
void lower_concatenate(Op& op) {
  std::vector<Edge> parts;
  for (size_t i = 0; i < op.num_inputs(); ++i) parts.push_back(op.raw(i));
  op.set_raw(0, op("Concat", parts, {{"axis", op.options().number<int64_t>(0)}}));
}

void lower_broadcast_in_dim(Op& op) {
  const Edge x = op.raw(0);
  const auto axes = op.options().numbers<int64_t>(0);
  if (!op.wants(0) || !op.check(axes.size() == static_cast<size_t>(op.rank(x)), "axes of another rank")) return;
  const Dims& shape = op.result().shape;
  Dims spread(shape.size(), 1);
  for (size_t i = 0; i < axes.size(); ++i) {
    if (!op.check(axes[i] >= 0 && static_cast<size_t>(axes[i]) < shape.size(), "an axis out of range")) return;
    const Dim size = op.dim(x, static_cast<int>(i));
    spread[static_cast<size_t>(axes[i])] = size.is_number() ? size.number() : -1;
  }
  op.set_raw(0, op("Expand", {op.reshape(x, spread), op.list(shape)}));
}

void lower_slice(Op& op) {
  const Dims starts = op.options().numbers<int64_t>(0), ends = op.options().numbers<int64_t>(1),
             steps = op.options().numbers<int64_t>(2);
  Dims axes;
  for (size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  if (axes.empty()) return op.set_raw(0, op("Identity", {op.raw(0)}));
  op.set_raw(0, op("Slice", {op.raw(0), op.list(starts), op.list(ends), op.list(axes), op.list(steps)}));
}

void lower_remainder(Op& op) {
  const Edge a = op.in(0), b = op.in(1);
  op.done(op("Mod", {a, b}, {{"fmod", int64_t{1}}}));
}
void lower_rsqrt(Op& op) { op.done(op("Reciprocal", {op("Sqrt", {op.in(0)})})); }
void lower_select(Op& op) { op.set_raw(0, op("Where", {op.raw(0), op.raw(1), op.raw(2)})); }

void lower_compare(Op& op) {
  static constexpr std::string_view kNames[] = {"Equal", "Equal", "GreaterOrEqual", "Greater", "LessOrEqual", "Less"};
  const auto direction = op.options().number<uint32_t>(0);
  if (!op.check(direction < std::size(kNames), "a comparison of another kind")) return;
  const Edge result = op(kNames[direction], {op.raw(0), op.raw(1)});
  op.set_raw(0, direction == 1 ? op("Not", {result}) : result);
}

void lower_convert(Op& op) {
  if (op.wants(0)) op.set_raw(0, op.cast(op.raw(0), op.result().dtype));
}

// Starts, a scalar operand each, as one list, moved so that a slice of `size` fits.
Edge fitting_starts(Op& op, size_t first, const Edge& x, const Edge& size) {
  std::vector<Edge> parts;
  for (size_t i = first; i < op.num_inputs(); ++i) parts.push_back(op.reshape(op.to_int64(op.raw(i)), Dims{1}));
  if (parts.empty()) return op.list({});
  const Edge starts = op("Concat", parts, {{"axis", int64_t{0}}});
  return op("Max", {op("Min", {starts, op("Sub", {op.shape(x), size})}), op.number(0)});
}

Edge all_axes(Op& op, const Edge& x) {
  Dims axes;
  for (int i = 0; i < op.rank(x); ++i) axes.push_back(i);
  return op.list(axes);
}

void lower_dynamic_slice(Op& op) {
  const Edge x = op.raw(0), size = op.list(op.options().numbers<int64_t>(0));
  if (op.rank(x) == 0) return op.set_raw(0, op("Identity", {x}));
  const Edge starts = fitting_starts(op, 1, x, size);
  op.set_raw(0, op("Slice", {x, starts, op("Add", {starts, size}), all_axes(op, x)}));
}

void lower_dynamic_update_slice(Op& op) {
  const Edge x = op.raw(0), update = op.raw(1);
  if (op.rank(x) == 0) return op.set_raw(0, op("Identity", {update}));
  const Edge starts = fitting_starts(op, 2, x, op.shape(update));
  const Edge positions =
      op.transpose(op("NonZero", {op("Expand", {op.scalar(1, DType::kFloat32), op.shape(update)})}), {1, 0});
  op.set_raw(0, op("ScatterND", {x, op("Add", {positions, starts}), op.reshape(update, Dims{-1})}));
}

// Elements apart: x[i] stands at i · (gap + 1), the rest is filled.
Edge dilated(Op& op, const Edge& x, const Dims& gaps, const Edge& fill) {
  Edge y = x;
  for (size_t axis = 0; axis < gaps.size(); ++axis) {
    if (gaps[axis] == 0) continue;
    if (!op.check(gaps[axis] > 0 && gaps[axis] < 1 << 20, "padding between elements below 0")) return x;
    const auto at = static_cast<int64_t>(axis);
    // A new axis behind this one, padded to gap + 1, merged, and the tail cut.
    const Edge apart = op("Unsqueeze", {y, op.list({at + 1})});
    const Edge padded = op("Pad", {apart, op.list({0, gaps[axis]}), fill, op.list({at + 1})});
    const Edge shape = op.shape(y);
    const Edge whole = op("Mul", {op("Slice", {shape, op.list({at}), op.list({at + 1})}), op.number(gaps[axis] + 1)});
    const Edge before = op("Slice", {shape, op.list({0}), op.list({at})});
    const Edge after = op("Slice", {shape, op.list({at + 1}), op.list({INT64_MAX})});
    const Edge merged = op.reshape(padded, op("Concat", {before, whole, after}, {{"axis", int64_t{0}}}));
    y = op("Slice", {merged, op.list({0}), op("Sub", {whole, op.list({gaps[axis]})}), op.list({at})});
  }
  return y;
}

void lower_pad(Op& op) {
  const Edge fill = op.reshape(op.raw(1), Dims{});
  Dims low = op.options().numbers<int64_t>(0);
  const Dims high = op.options().numbers<int64_t>(1), inner = op.options().numbers<int64_t>(2);
  const auto rank = static_cast<size_t>(op.rank(op.raw(0)));
  if (!op.check(low.size() == rank && high.size() == rank && inner.size() == rank, "padding of another rank")) return;
  low.insert(low.end(), high.begin(), high.end());
  op.set_raw(0, op("Pad", {dilated(op, op.raw(0), inner, fill), op.list(low), fill}));
}

void lower_dilate(Op& op) {
  const auto steps = op.ints(1);
  if (!steps) return op.unsupported_form("steps that only running reveals");
  Dims gaps = *steps;
  for (int64_t& step : gaps) --step;
  op.set_raw(0, dilated(op, op.raw(0), gaps, op.reshape(op.raw(2), Dims{})));
}

void lower_iota(Op& op) {
  if (!op.wants(0)) return;
  const Dims& shape = op.result().shape;
  const auto axis = op.options().number<int64_t>(0);
  if (!op.check(axis >= 0 && static_cast<size_t>(axis) < shape.size(), "an axis out of range")) return;
  const Edge line = op("Range", {op.number(0), op.number(shape[static_cast<size_t>(axis)]), op.number(1)});
  Dims spread(shape.size(), 1);
  spread[static_cast<size_t>(axis)] = -1;
  op.set_raw(0, op.cast(op("Expand", {op.reshape(line, spread), op.list(shape)}), op.result().dtype));
}

// Letters for the axes of an Einsum: batches, free ones, contracted ones.
void lower_dot_general(Op& op) {
  const Table options = op.options();
  const Dims lhs_batch = options.numbers<int64_t>(0), rhs_batch = options.numbers<int64_t>(1);
  const Dims lhs_inner = options.numbers<int64_t>(2), rhs_inner = options.numbers<int64_t>(3);
  const Edge a = op.in(0), b = op.in(1);
  const auto rank_a = static_cast<size_t>(op.rank(a)), rank_b = static_cast<size_t>(op.rank(b));
  if (!op.check(rank_a + rank_b <= 26 && lhs_batch.size() == rhs_batch.size() && lhs_inner.size() == rhs_inner.size(),
                "axes that do not pair"))
    return;
  std::string left(rank_a, ' '), right(rank_b, ' '), out;
  char next = 'a';
  const auto pair = [&](const Dims& p, const Dims& q, bool keep) {
    for (size_t i = 0; i < p.size(); ++i) {
      if (!op.check(p[i] >= 0 && q[i] >= 0 && static_cast<size_t>(p[i]) < rank_a && static_cast<size_t>(q[i]) < rank_b,
                    "an axis out of range"))
        return;
      left[static_cast<size_t>(p[i])] = right[static_cast<size_t>(q[i])] = next;
      if (keep) out += next;
      ++next;
    }
  };
  pair(lhs_batch, rhs_batch, true);
  pair(lhs_inner, rhs_inner, false);
  for (std::string* side : {&left, &right}) {
    for (char& letter : *side) {
      if (letter == ' ') out += letter = next++;
    }
  }
  op.done(op("Einsum", {a, b}, {{"equation", left + "," + right + "->" + out}}));
}

void lower_transpose(Op& op) { op.set_raw(0, op.transpose(op.raw(0), op.options().numbers<int64_t>(0))); }

void lower_shift_left(Op& op) {
  const Edge a = op.raw(0), b = op.raw(1);
  const DType dtype = a.dtype(), wide = DType::kUInt64;
  const Edge shifted = op("BitShift", {op.cast(op.to_int64(a), wide), op.cast(op.to_int64(b), wide)},
                          {{"direction", std::string("LEFT")}});
  op.set_raw(0, op.cast(op.cast(shifted, DType::kInt64), dtype));
}

constexpr int kAt(int type) { return kSecondList + type; }

constexpr Builtin kRows[] = {
    {162, "STABLEHLO_LOGISTIC", 0, lower_one<kSigmoid>, Quantized::kReal},
    {163, "STABLEHLO_ADD", 0, lower_two<kAdd>, Quantized::kReal},
    {164, "STABLEHLO_DIVIDE", 0, lower_two<kDiv>, Quantized::kReal},
    {165, "STABLEHLO_MULTIPLY", 0, lower_two<kMul>, Quantized::kReal},
    {166, "STABLEHLO_MAXIMUM", 0, lower_two<kMax>, Quantized::kReal},
    {167, "STABLEHLO_RESHAPE", 0, lower_reshape},
    {168, "STABLEHLO_CLAMP", 0, lower_clamp, Quantized::kReal},
    {169, "STABLEHLO_CONCATENATE", kAt(1), lower_concatenate},
    {170, "STABLEHLO_BROADCAST_IN_DIM", kAt(2), lower_broadcast_in_dim},
    {172, "STABLEHLO_SLICE", kAt(3), lower_slice},
    {175, "STABLEHLO_ABS", 0, lower_one<kAbs>, Quantized::kReal},
    {176, "STABLEHLO_AND", 0, lower_bits<true>},
    {177, "STABLEHLO_COSINE", 0, lower_one<kCos>, Quantized::kReal},
    {178, "STABLEHLO_EXPONENTIAL", 0, lower_one<kExp>, Quantized::kReal},
    {179, "STABLEHLO_FLOOR", 0, lower_one<kFloor>, Quantized::kReal},
    {180, "STABLEHLO_LOG", 0, lower_one<kLog>, Quantized::kReal},
    {181, "STABLEHLO_MINIMUM", 0, lower_two<kMin>, Quantized::kReal},
    {182, "STABLEHLO_NEGATE", 0, lower_one<kNeg>, Quantized::kReal},
    {183, "STABLEHLO_OR", 0, lower_bits<false>},
    {184, "STABLEHLO_POWER", 0, lower_two<kPow>, Quantized::kReal},
    {185, "STABLEHLO_REMAINDER", 0, lower_remainder},
    {186, "STABLEHLO_RSQRT", 0, lower_rsqrt, Quantized::kReal},
    {187, "STABLEHLO_SELECT", 0, lower_select},
    {188, "STABLEHLO_SUBTRACT", 0, lower_two<kSub>, Quantized::kReal},
    {189, "STABLEHLO_TANH", 0, lower_one<kTanh>, Quantized::kReal},
    {191, "STABLEHLO_COMPARE", kAt(8), lower_compare},
    {192, "STABLEHLO_CONVERT", 0, lower_convert},
    {193, "STABLEHLO_DYNAMIC_SLICE", kAt(9), lower_dynamic_slice},
    {194, "STABLEHLO_DYNAMIC_UPDATE_SLICE", 0, lower_dynamic_update_slice},
    {195, "STABLEHLO_PAD", kAt(10), lower_pad},
    {196, "STABLEHLO_IOTA", kAt(11), lower_iota},
    {197, "STABLEHLO_DOT_GENERAL", kAt(12), lower_dot_general, Quantized::kReal},
    {202, "STABLEHLO_TRANSPOSE", kAt(17), lower_transpose},
    {203, "DILATE", 0, lower_dilate},
    {207, "STABLEHLO_SHIFT_LEFT", 0, lower_shift_left},
};

}  // namespace
}  // namespace stablehlo_ops

std::span<const Builtin> stablehlo_builtins() { return stablehlo_ops::kRows; }

}  // namespace thane::tflite
