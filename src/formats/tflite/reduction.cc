// Operators along axes.
#include "base/format.h"
#include "formats/tflite/builtins.h"
#include "formats/tflite/fixed_point.h"

namespace thane::tflite {
namespace reduction_ops {
namespace {

// Axes as a list, whatever the rank they come in.
Edge axes_of(Op& op, size_t input) { return op.reshape(op.to_int64(op.raw(input)), Dims{-1}); }

AttrMap reduce_attrs(Op& op) {
  return {{"keepdims", int64_t{op.options().flag(0)}}, {"noop_with_empty_axes", int64_t{1}}};
}

struct ReduceKind {
  std::string_view onnx;
  bool exact = false;  // picks elements: integers stay as they are
};
constexpr ReduceKind kProd{"ReduceProd"}, kMax{"ReduceMax", true}, kMin{"ReduceMin", true};

template <const ReduceKind& kKind>
void lower_reduce(Op& op) {
  const Edge x = kKind.exact ? op.raw(0) : op.in(0);
  const Edge y = op(kKind.onnx, {x, axes_of(op, 1)}, reduce_attrs(op));
  kKind.exact ? op.set_raw(0, y) : op.done(y);
}
template <bool kMean>
void lower_sum(Op& op) {
  if (has_fixed_point(op)) return lower_fixed_sum(op, axes_of(op, 1), op.options().flag(0), kMean);
  op.done(op(kMean ? "ReduceMean" : "ReduceSum", {op.in(0), axes_of(op, 1)}, reduce_attrs(op)));
}
template <bool kAll>
void lower_reduce_bool(Op& op) {
  op.set_raw(0, op(kAll ? "ReduceMin" : "ReduceMax", {op.raw(0), axes_of(op, 1)}, reduce_attrs(op)));
}

template <bool kMax>
void lower_arg(Op& op) {
  const Edge x = op.raw(0);
  const auto axis = op.ints(1);
  if (!op.has(1)) return op.fail(invalid_model("an operand is missing"));
  if (!axis || axis->size() != 1) return op.unsupported_form("an axis that only running reveals");
  const Edge y = op(kMax ? "ArgMax" : "ArgMin", {x.dtype() == DType::kBool ? op.cast(x, DType::kUInt8) : x},
                    {{"axis", (*axis)[0]}, {"keepdims", int64_t{0}}});
  op.set_raw(0, op.cast(y, op.result().dtype));
}

void lower_cumsum(Op& op) {
  op.done(op("CumSum", {op.in(0), op.reshape(op.to_int64(op.raw(1)), Dims{})},
             {{"exclusive", int64_t{op.options().flag(0)}}, {"reverse", int64_t{op.options().flag(1)}}}));
}

void lower_softmax(Op& op) {
  const auto beta = op.options().number<float>(0, 1.0f);
  if (has_fixed_point(op)) return lower_fixed_softmax(op, beta);
  Edge x = op.in(0);
  if (beta != 1.0f) x = op("Mul", {x, op.scalar_like(static_cast<double>(beta), x)});
  op.done(op("Softmax", {x}, {{"axis", int64_t{-1}}}));
}
void lower_log_softmax(Op& op) { op.done(op("LogSoftmax", {op.in(0)}, {{"axis", int64_t{-1}}})); }

void lower_topk(Op& op) {
  const Edge k = op.reshape(op.to_int64(op.raw(1)), Dims{1});
  const Edge x = op.raw(0);
  const auto results = op.many({.op = "TopK", .inputs = {x, k}, .outputs = 2});
  op.set_raw(0, results[0]);
  if (op.wants(1)) op.set_raw(1, op.cast(results[1], op.result(1).dtype));
}

constexpr Builtin kRows[] = {
    {25, "SOFTMAX", 9, lower_softmax, Quantized::kReal},
    {40, "MEAN", 27, lower_sum<true>, Quantized::kReal},
    {48, "TOPK_V2", 0, lower_topk},
    {50, "LOG_SOFTMAX", 0, lower_log_softmax, Quantized::kReal},
    {56, "ARG_MAX", 40, lower_arg<true>},
    {74, "SUM", 27, lower_sum<false>, Quantized::kReal},
    {79, "ARG_MIN", 57, lower_arg<false>},
    {81, "REDUCE_PROD", 27, lower_reduce<kProd>, Quantized::kReal},
    {82, "REDUCE_MAX", 27, lower_reduce<kMax>},
    {89, "REDUCE_MIN", 27, lower_reduce<kMin>},
    {91, "REDUCE_ANY", 27, lower_reduce_bool<false>},
    {128, "CUMSUM", 102, lower_cumsum, Quantized::kReal},
    {140, "REDUCE_ALL", 27, lower_reduce_bool<true>},
};

}  // namespace
}  // namespace reduction_ops

std::span<const Builtin> reduction_builtins() { return reduction_ops::kRows; }

}  // namespace thane::tflite
