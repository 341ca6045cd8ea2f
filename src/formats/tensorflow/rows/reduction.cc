// Reductions, running sums and positions of extremes.
#include <limits>

#include "base/format.h"
#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace reduction_ops {
namespace {

Edge axes_of(Call& call) { return call.reshape(call.to_int64(call.in(1)), Dims{-1}); }
AttrMap reduce_attrs(const Call& call) {
  return {{"keepdims", int64_t{call.b("keep_dims", call.b("keepdims"))}}, {"noop_with_empty_axes", int64_t{1}}};
}

void reduce(Call& call) {
  if (call.is_complex(0)) {
    if (call.row.target != "ReduceSum" && call.row.target != "ReduceMean")
      return call.fail(unsupported("of complex numbers"));
    Dims axes = call.need_ints(1);
    for (int64_t& axis : axes) axis = axis < 0 ? axis - 1 : axis;
    return call.out_complex(0,
                            call.emit(call.row.target, {call.item(0).edge, call.ints_edge(axes)}, reduce_attrs(call)));
  }
  call.out(call.emit(call.row.target, {call.in(0), axes_of(call)}, reduce_attrs(call)));
}
void mean(Call& call) {
  const Edge x = call.in(0);
  if (call.failed() || !x.present() || call.is_complex(0) || (mask_of(call.dtype(x)) & kInts) == 0) return reduce(call);
  // Integers: the sum divided, towards zero.
  const Edge sum = call.emit("ReduceSum", {x, axes_of(call)}, reduce_attrs(call));
  const Edge count = call.div(call.emit("Size", {x}), call.emit("Size", {sum}));
  call.out(call.div(sum, call.cast(count, call.dtype(x))));
}
void logical(Call& call) { reduce(call); }

void euclidean_norm(Call& call) { call.out(call.emit("ReduceL2", {call.in(0), axes_of(call)}, reduce_attrs(call))); }

void arg(Call& call) {
  const Edge x = call.in(0);
  const auto axes = call.size() > 1 ? call.known_ints(1) : std::optional<Dims>(Dims{0});
  if (call.failed()) return;
  if (!axes || axes->size() != 1) return call.need_shapes("its axis is not known before running");
  Edge data = x;
  if (call.dtype(x) == DType::kBool) data = call.cast(x, DType::kInt32);
  const Edge y = call.emit(call.row.target, {data}, {{"axis", (*axes)[0]}, {"keepdims", int64_t{0}}});
  call.out(call.cast(y, call.type("output_type", DType::kInt64)));
}

void cumulative(Call& call) {
  call.out(call.emit(call.row.target, {call.in(0), call.in(1)},
                     {{"exclusive", int64_t{call.b("exclusive")}}, {"reverse", int64_t{call.b("reverse")}}}));
}
void cumulative_logsumexp(Call& call) {
  const Edge x = call.in(0);
  const Dims axes = call.need_ints(1);
  if (call.failed() || axes.size() != 1) return;
  const Edge top = call.emit("ReduceMax", {x, call.ints_edge({axes[0]})}, {{"keepdims", int64_t{1}}});
  const Edge sums = call.emit("CumSum", {call.emit("Exp", {call.sub(x, top)}), call.int_edge(axes[0])},
                              {{"exclusive", int64_t{call.b("exclusive")}}, {"reverse", int64_t{call.b("reverse")}}});
  Edge y = call.add(call.emit("Log", {sums}), top);
  if (call.b("exclusive")) {
    // Before the first element TensorFlow has the lowest number, not -inf.
    const double lowest = call.dtype(x) == DType::kFloat64 ? std::numeric_limits<double>::lowest()
                          : call.dtype(x) == DType::kFloat16
                              ? -65504.0
                              : static_cast<double>(std::numeric_limits<float>::lowest());
    y = call.emit("Max", {y, call.like(lowest, y)});
  }
  call.out(y);
}

constexpr OpRow kRows[] = {
    {"Sum", reduce, "ReduceSum"},
    {"Mean", mean, "ReduceMean"},
    {"Prod", reduce, "ReduceProd"},
    {"Max", reduce, "ReduceMax"},
    {"Min", reduce, "ReduceMin"},
    {"All", logical, "ReduceMin"},
    {"Any", logical, "ReduceMax"},
    {"EuclideanNorm", euclidean_norm},
    {"ArgMax", arg, "ArgMax"},
    {"ArgMin", arg, "ArgMin"},
    {"Cumsum", cumulative, "CumSum"},
    {"Cumprod", cumulative, "CumProd"},
    {"CumulativeLogsumexp", cumulative_logsumexp},
};

}  // namespace
}  // namespace reduction_ops

std::span<const OpRow> reduction_rows() { return reduction_ops::kRows; }

}  // namespace thane::tensorflow
