// Order: sort, topk, median, quantiles, unique values, searching in sorted ones, counting.
#include <cmath>

#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace sorting_ops {
namespace {

struct Ordered {
  Edge values, indices;
};
Ordered order(Call& c, const Edge& x, int64_t axis, const Edge& k, bool largest) {
  const bool flag = x.dtype() == DType::kBool;
  auto outputs = c.many({.op = "TopK",
                         .inputs = {flag ? c.cast(x, DType::kUInt8) : x, c.reshape(k, Dims{1})},
                         .outputs = 2,
                         .attrs = {{"axis", axis}, {"largest", int64_t{largest}}, {"sorted", int64_t{1}}}});
  return {c.cast(outputs[0], x.dtype()), outputs[1]};
}
Ordered sorted(Call& c, const Edge& x, int64_t axis, bool descending = false) {
  return order(c, x, axis, c.size(x, axis), descending);
}

Value sort(Call& c) {
  const Edge x = c.edge("self");
  if (c.rank(x) == 0) return c.results(c.op("Identity", {x}), c.int64(0));
  const Ordered result = sorted(c, x, c.integer("dim", -1), c.flag("descending"));
  return c.results(result.values, result.indices);
}
Value msort(Call& c) {
  const Edge x = c.edge("self");
  return c.tensor(c.rank(x) == 0 ? c.op("Identity", {x}) : sorted(c, x, 0).values);
}
Value argsort(Call& c) {
  const Edge x = c.edge("self");
  return c.tensor(c.rank(x) == 0 ? c.int64(0) : sorted(c, x, c.integer("dim", -1), c.flag("descending")).indices);
}
Value topk(Call& c) {
  const Edge x = c.edge("self");
  if (c.rank(x) == 0) return c.results(c.op("Identity", {x}), c.int64(0));
  const Ordered result = order(c, x, c.integer("dim", -1), c.number("k", DType::kInt64), c.flag("largest", true));
  return c.results(result.values, result.indices);
}
Edge element(Call& c, const Edge& x, int64_t axis, int64_t index, bool keep) {
  return keep ? c.slice(x, axis, index, index + 1) : c.select(x, axis, index);
}
Value kthvalue(Call& c) {
  const Edge x = c.edge("self");
  if (c.rank(x) == 0) return c.results(c.op("Identity", {x}), c.int64(0));
  const int64_t axis = c.integer("dim", -1), k = c.integer("k");
  const Ordered result = sorted(c, x, axis);
  return c.results(element(c, result.values, axis, k - 1, c.flag("keepdim")),
                   element(c, result.indices, axis, k - 1, c.flag("keepdim")));
}
// The lower of two middle elements. NaN wins, or is left out.
template <bool kSkipNan>
Value median(Call& c) {
  Edge x = c.edge("self");
  const bool whole = !c.declares("dim");
  if (whole) x = c.reshape(x, Dims{-1});
  if (c.rank(x) == 0) return c.results(c.op("Identity", {x}), c.int64(0));
  const int64_t axis = whole ? 0 : static_cast<int64_t>(c.axis(c.integer("dim"), c.rank(x)));
  const int64_t n = c.number(x, axis);
  if (n == 0) c.refuse("the median of nothing");
  const Edge nan = is_float(x.dtype()) ? c.op("IsNaN", {x}) : Edge{};
  // NaNs go to the end.
  const Edge finite = nan.present() ? c.where(nan, c.like(std::numeric_limits<double>::infinity(), x), x) : x;
  const Ordered result = sorted(c, finite, axis);
  Edge values, indices;
  if (!nan.present() || !kSkipNan) {
    values = c.slice(result.values, axis, (n - 1) / 2, (n - 1) / 2 + 1);
    indices = c.slice(result.indices, axis, (n - 1) / 2, (n - 1) / 2 + 1);
    if (nan.present()) {
      const Edge any = c.reduce("ReduceMax", nan, {axis}, true);
      const Edge first = c.op("ArgMax", {c.cast(nan, DType::kUInt8)}, {{"axis", axis}, {"keepdims", int64_t{1}}});
      values = c.where(any, c.like(std::nan(""), x), values);
      indices = c.where(any, first, indices);
    }
  } else {
    const Edge numbers = c.sum(c.cast(c.logical_not(nan), DType::kInt64), {axis}, true);
    const Edge at = c.max(c.div(c.sub(numbers, 1), 2), c.int64(0));
    values = c.op("GatherElements", {result.values, at}, {{"axis", axis}});
    indices = c.op("GatherElements", {result.indices, at}, {{"axis", axis}});
    values = c.where(c.equal(numbers, c.int64(0)), c.like(std::nan(""), x), values);
  }
  if (whole) return c.tensor(c.reshape(values, Dims{}));
  if (c.flag("keepdim")) return c.results(values, indices);
  return c.results(c.squeeze(values, {axis}), c.squeeze(indices, {axis}));
}
// The most frequent value, the smallest of several, and where it stands last.
Value mode(Call& c) {
  const Edge x = c.edge("self");
  if (c.rank(x) == 0) return c.results(c.op("Identity", {x}), c.int64(0));
  const auto axis = static_cast<int64_t>(c.axis(c.integer("dim", -1), c.rank(x)));
  const auto last = static_cast<int64_t>(c.rank(x)) - 1;
  const Edge rows = c.swap(x, axis, last);
  const Edge ordered = sorted(c, rows, -1).values;
  const Edge same = c.equal(c.unsqueeze(ordered, {-1}), c.unsqueeze(ordered, {-2}));
  const Edge counts = c.sum(c.cast(same, DType::kInt64), {-1});
  const Edge at = c.op("ArgMax", {counts}, {{"axis", int64_t{-1}}, {"keepdims", int64_t{1}}});
  const Edge value = c.op("GatherElements", {ordered, at}, {{"axis", int64_t{-1}}});
  const Edge index = c.op("ArgMax", {c.cast(c.equal(rows, value), DType::kUInt8)},
                          {{"axis", int64_t{-1}}, {"keepdims", int64_t{1}}, {"select_last_index", int64_t{1}}});
  const auto back = [&](const Edge& e) {
    const Edge placed = c.swap(e, axis, last);
    return c.flag("keepdim") ? placed : c.squeeze(placed, {axis});
  };
  return c.results(back(value), back(index));
}

// Interpolated order statistics: the axis comes last, quantiles come first.
Value quantile(Call& c) {
  const bool skip_nan = c.name() == "aten::nanquantile";
  Edge x = c.edge("self");
  const size_t rank = c.rank(x);
  const bool whole = !c.has("dim");
  const auto axis = whole ? int64_t{0} : static_cast<int64_t>(c.axis(c.integer("dim"), rank));
  Edge rows = whole ? c.reshape(x, Dims{-1}) : c.swap(x, axis, static_cast<int64_t>(rank) - 1);
  if (c.rank(rows) == 0) rows = c.reshape(rows, Dims{1});
  const int64_t n = c.number(rows, -1);
  const Edge q = c["q"].is_tensor() ? c.cast(c.edge("q"), x.dtype()) : c.number("q", x.dtype());
  const bool scalar = c.rank(q) == 0;
  const Edge nan = c.op("IsNaN", {rows});
  const Edge ordered = sorted(c, c.where(nan, c.like(std::numeric_limits<double>::infinity(), x), rows), -1).values;
  Edge last = c.like(static_cast<double>(n - 1), x);
  if (skip_nan) last = c.sub(c.sum(c.cast(c.logical_not(nan), x.dtype()), {-1}, true), 1);  // […, 1]
  const Edge ranks = c.mul(c.reshape(q, Dims{-1}), last);                                   // [q] or […, q]
  const std::string method = c.text("interpolation", "linear");
  Edge low = c.op("Floor", {ranks}), high = c.op("Ceil", {ranks});
  if (method == "lower") high = low;
  if (method == "higher") low = high;
  if (method == "nearest") low = high = c.op("Round", {ranks});
  const auto pick = [&](const Edge& at) {
    Edge index = c.cast(c.max(at, c.like(0, at)), DType::kInt64);
    Dims lead(c.rank(rows), 1);
    const Edge shape = c.concat({c.slice(c.shape(rows), 0, 0, -1), c.shape(c.reshape(q, Dims{-1}))}, 0);
    return c.op("GatherElements", {ordered, c.expand(index, shape)}, {{"axis", int64_t{-1}}});
  };
  const Edge a = pick(low), b = pick(high);
  Edge result = a;
  if (method == "midpoint") result = c.mul(c.add(a, b), 0.5);
  if (method == "linear") {
    const Edge weight = c.sub(ranks, low);
    const Edge step = c.where(c.equal(a, b), c.like(0, a), c.sub(b, a));
    result = c.add(a, c.mul(step, weight));
  }
  const Edge none = skip_nan ? c.reduce("ReduceMin", nan, {-1}, true) : c.reduce("ReduceMax", nan, {-1}, true);
  result = c.where(none, c.like(std::nan(""), x), result);
  // […, q] → q first, the axis back or gone
  const auto r = static_cast<int64_t>(c.rank(result));
  Dims perm = {r - 1};
  for (int64_t i = 0; i + 1 < r; ++i) perm.push_back(i);
  result = c.transpose(result, perm);
  if (whole) {
    if (c.flag("keepdim"))
      result = c.unsqueeze(result, [&] {
        Dims d;
        for (size_t i = 0; i < rank; ++i) d.push_back(static_cast<int64_t>(i) + 1);
        return d;
      }());
  } else {
    // The last axis of the rows stood where `axis` was; put it there again before it goes.
    result = c.unsqueeze(result, {-1});
    result = c.swap(result, axis + 1, -1);
    if (!c.flag("keepdim")) result = c.squeeze(result, {axis + 1});
  }
  return c.tensor(scalar ? c.squeeze(result, {0}) : result);
}

// --- unique values

std::vector<Edge> unique_outputs(Call& c, const Edge& x, std::optional<int64_t> axis) {
  AttrMap attrs = {{"sorted", int64_t{1}}};
  if (axis) attrs["axis"] = *axis;
  return c.many({.op = "Unique", .inputs = {x}, .outputs = 4, .attrs = std::move(attrs)});
}
Value unique(Call& c) {
  const Edge x = c.edge("self");
  std::optional<int64_t> axis;
  if (c.has("dim")) axis = c.integer("dim");
  const auto outputs = unique_outputs(c, x, axis);
  const Edge inverse = axis ? outputs[2] : c.reshape(outputs[2], c.shape(x));
  if (!c.declares("return_counts")) return c.results(outputs[0], inverse);
  return c.results(outputs[0], inverse, outputs[3]);
}
// Runs of equal neighbours count once.
Value unique_consecutive(Call& c) {
  const Edge x = c.edge("self");
  const bool slices = c.has("dim") && c.rank(x) > 1;
  const int64_t axis = slices ? static_cast<int64_t>(c.axis(c.integer("dim"), c.rank(x))) : 0;
  const Edge flat = slices ? x : c.reshape(x, Dims{-1});
  Edge same = c.equal(c.slice(flat, axis, 1, INT64_MAX), c.slice(flat, axis, 0, -1));
  if (slices) {
    Dims others = c.all_axes(x);
    others.erase(others.begin() + axis);
    same = c.reduce("ReduceMin", same, others, false);
  }
  const Edge n = c.size(flat, axis);
  const Edge all = c.reshape(n, Dims{1});
  const Edge starts = c.concat({c.slice(c.full(all, 1, DType::kBool), 0, 0, 1), c.logical_not(same)}, 0);
  const Edge values = c.op("Compress", {flat, starts}, {{"axis", axis}});
  const Edge inverse = c.sub(c.op("CumSum", {c.cast(starts, DType::kInt64), c.int64(0)}), 1);
  const Edge at = c.op("Compress", {c.range(n), starts}, {{"axis", int64_t{0}}});
  const Edge ends = c.concat({c.slice(at, 0, 1, INT64_MAX), all}, 0);
  return c.results(values, slices ? inverse : c.reshape(inverse, c.shape(x)), c.sub(ends, at));
}

// --- searching

// How many of the sorted elements (last axis) come before each value: `right`: equal ones too.
Edge insertion_points(Call& c, const Edge& sequence, const Edge& values, bool right) {
  const Edge s = c.unsqueeze(sequence, {-2}), v = c.unsqueeze(values, {-1});
  Edge before = right ? c.less_equal(s, v) : c.less(s, v);
  if (is_float(v.dtype())) before = c.either(before, c.op("IsNaN", {v}));
  return c.sum(c.cast(before, DType::kInt64), {-1});
}
Value searched(Call& c, const Edge& sequence, const Value& wanted, bool right) {
  Edge values = c.edge_of(wanted);
  const DType dtype = promote_types(sequence.dtype(), wanted.is_tensor() ? values.dtype() : sequence.dtype());
  values = c.cast(values, dtype);
  const Edge s = c.cast(sequence, dtype);
  Edge found;
  if (c.rank(s) == 1) {
    const Edge flat = c.reshape(values, Dims{-1});
    found = c.reshape(insertion_points(c, s, flat, right), c.shape(values));
  } else {
    found = insertion_points(c, s, values, right);
  }
  return c.tensor(c.flag("out_int32") ? c.cast(found, DType::kInt32) : found);
}
Value bucketize(Call& c) { return searched(c, c.edge("boundaries"), c["self"], c.flag("right")); }
Value searchsorted(Call& c) {
  Edge sequence = c.edge("sorted_sequence");
  if (c.has("sorter")) sequence = c.op("GatherElements", {sequence, c.edge("sorter")}, {{"axis", int64_t{-1}}});
  const bool right = c.flag("right") || c.text("side") == "right";
  return searched(c, sequence, c["self"], right);
}

// --- counting

Value bincount(Call& c) {
  const Edge x = c.cast(c.edge("self"), DType::kInt64);
  const int64_t least = c.integer("minlength", 0);
  const Edge top = c.op("ReduceMax", {c.concat({x, c.int64s({least - 1})}, 0)}, {{"keepdims", int64_t{1}}});
  const DType dtype = !c.has("weights")                       ? DType::kInt64
                      : c.dtype("weights") == DType::kFloat32 ? DType::kFloat32
                                                              : DType::kFloat64;
  const Edge zeros = c.full(c.add(top, 1), 0, dtype);
  const Edge ones = c.has("weights") ? c.cast(c.edge("weights"), dtype) : c.full(c.shape(x), 1, dtype);
  return c.tensor(c.op("ScatterElements", {zeros, x, ones}, {{"reduction", std::string("add")}}));
}
Value histc(Call& c) {
  const Edge x = c.reshape(c.edge("self"), Dims{-1});
  const int64_t bins = c.integer("bins", 100);
  Edge low = c.number("min", x.dtype()), high = c.number("max", x.dtype());
  if (c.real("min", 0) == c.real("max", 0)) {
    low = c.reduce("ReduceMin", x, {0}, false);
    high = c.reduce("ReduceMax", x, {0}, false);
    const Edge same = c.equal(low, high);
    const Edge wider = c.add(high, 1), lower = c.sub(low, 1);
    high = c.where(same, wider, high);
    low = c.where(same, lower, low);
  }
  const Edge inside = c.both(c.less_equal(low, x), c.less_equal(x, high));
  const Edge scaled = c.div(c.mul(c.sub(x, low), static_cast<double>(bins)), c.sub(high, low));
  const Edge bin = c.min(c.cast(c.where(inside, scaled, c.like(0, x)), DType::kInt64), c.int64(bins - 1));
  const Edge zeros = c.full(Dims{bins}, 0, x.dtype());
  return c.tensor(
      c.op("ScatterElements", {zeros, bin, c.cast(inside, x.dtype())}, {{"reduction", std::string("add")}}));
}

constexpr Row kRows[] = {
    {"sort", sort},
    {"msort", msort},
    {"argsort", argsort},
    {"topk", topk},
    {"kthvalue", kthvalue},
    {"median", median<false>},
    {"nanmedian", median<true>},
    {"mode", mode},
    {"quantile", quantile},
    {"nanquantile", quantile},
    {"_unique", unique},
    {"_unique2", unique},
    {"unique_dim", unique},
    {"unique_consecutive", unique_consecutive},
    {"bucketize", bucketize},
    {"searchsorted", searchsorted},
    {"bincount", bincount},
    {"histc", histc},
};

}  // namespace
}  // namespace sorting_ops

std::span<const Row> sorting_rows() { return sorting_ops::kRows; }

}  // namespace thane::aten
