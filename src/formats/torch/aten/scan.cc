// Running sums and their like along an axis, and differences between neighbours.
#include <cmath>

#include "formats/torch/aten/fixed_name.h"
#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace scan_ops {
namespace {

Edge summable(Call& c) {
  const Edge x = c.edge("self");
  if (c.has("dtype")) return c.cast(x, c.dtype_argument("dtype", x.dtype()));
  return is_float(x.dtype()) || is_complex(x.dtype()) ? x : c.cast(x, DType::kInt64);
}
Edge running(Call& c, std::string_view name, const Edge& x, int64_t axis) {
  if (c.rank(x) == 0) return c.op("Identity", {x});
  if (is_complex(x.dtype()) && name == "CumSum") {
    const auto at = static_cast<int64_t>(c.axis(axis, c.rank(x)));
    return c.own("ViewAsComplex", {c.op(name, {c.own("ViewAsReal", {x}), c.int64(at)})});
  }
  return c.op(name, {x, c.int64(axis)});
}
template <Name kOp>
Value cumulative(Call& c) {
  return c.tensor(running(c, kOp, summable(c), c.integer("dim")));
}
// Shifted by the largest element so far that matters: that of all.
Value logcumsumexp(Call& c) {
  const Edge x = c.edge("self");
  if (c.rank(x) == 0) return c.tensor(c.op("Identity", {x}));
  const int64_t axis = c.integer("dim");
  const Edge shift = c.reduce("ReduceMax", x, {axis}, true);
  return c.tensor(c.add(c.log(running(c, "CumSum", c.exp(c.sub(x, shift)), axis)), shift));
}
// Each prefix's extreme and where it was met last: by comparing every element with all before it.
template <bool kMax>
Value running_extreme(Call& c) {
  const Edge x = c.edge("self");
  if (c.rank(x) == 0) return c.results(c.op("Identity", {x}), c.int64(0));
  const auto axis = static_cast<int64_t>(c.axis(c.integer("dim"), c.rank(x)));
  const int64_t n = c.number(x, axis);
  if (n > 4096) c.refuse(format("running extremes over {} elements", n));
  const Edge numeric = x.dtype() == DType::kBool ? c.cast(x, DType::kUInt8) : x;
  const auto last = static_cast<int64_t>(c.rank(x)) - 1;
  const Edge rows = c.unsqueeze(c.swap(numeric, axis, last), {-2});  // […, 1, n]
  thane::Tensor before = must(thane::Tensor::allocate(DType::kBool, {n, n}));
  for (int64_t i = 0; i < n * n; ++i) before.data<uint8_t>()[i] = i % n <= i / n;
  const Edge seen = c.constant(std::move(before));
  const Edge first = c.slice(rows, -1, 0, 1);
  const Edge prefixes = c.where(seen, rows, first);  // unseen ones repeat the first
  const Edge values = c.reduce(kMax ? "ReduceMax" : "ReduceMin", prefixes, {-1}, false);
  const Edge met = c.both(c.equal(prefixes, c.unsqueeze(values, {-1})), seen);
  const Edge at = c.op("ArgMax", {c.cast(met, DType::kUInt8)},
                       {{"axis", int64_t{-1}}, {"keepdims", int64_t{0}}, {"select_last_index", int64_t{1}}});
  return c.results(c.cast(c.swap(values, axis, last), x.dtype()), c.swap(at, axis, last));
}

Value diff(Call& c) {
  Edge x = c.edge("self");
  const auto axis = static_cast<int64_t>(c.axis(c.integer("dim", -1), c.rank(x)));
  std::vector<Edge> parts;
  if (c.has("prepend")) parts.push_back(c.cast(c.edge("prepend"), x.dtype()));
  parts.push_back(x);
  if (c.has("append")) parts.push_back(c.cast(c.edge("append"), x.dtype()));
  x = c.concat(std::move(parts), axis);
  for (int64_t i = c.integer("n", 1); i > 0; --i) {
    const Edge next = c.slice(x, axis, 1, INT64_MAX), here = c.slice(x, axis, 0, -1);
    x = x.dtype() == DType::kBool ? c.op("Xor", {next, here}) : c.sub(next, here);
  }
  return c.tensor(x);
}
// By the trapezoidal rule, over an axis: steps of dx or between the points x.
Value trapezoid(Call& c) {
  const Edge y = c.floating("y");
  const auto axis = static_cast<int64_t>(c.axis(c.integer("dim", -1), c.rank(y)));
  const Edge sums = c.add(c.slice(y, axis, 1, INT64_MAX), c.slice(y, axis, 0, -1));
  Edge pieces = c.mul(sums, 0.5);
  if (c.has("x") && c["x"].is_tensor()) {
    Edge x = c.cast(c.edge("x"), y.dtype());
    if (c.rank(x) == 1 && c.rank(y) > 1) {
      Dims dims(c.rank(y), 1);
      dims[static_cast<size_t>(axis)] = -1;
      x = c.reshape(x, dims);
    }
    pieces = c.mul(pieces, c.sub(c.slice(x, axis, 1, INT64_MAX), c.slice(x, axis, 0, -1)));
  } else {
    pieces = c.mul(pieces, c.number_of(c.has("dx") ? c["dx"] : Value(1), y.dtype()));
  }
  const bool running_sum = c.name() == "aten::cumulative_trapezoid";
  return c.tensor(running_sum ? c.op("CumSum", {pieces, c.int64(axis)}) : c.sum(pieces, {axis}));
}

constexpr Row kRows[] = {
    {"cumsum", cumulative<"CumSum">},
    {"cumprod", cumulative<"CumProd">},
    {"logcumsumexp", logcumsumexp},
    {"_logcumsumexp", logcumsumexp},
    {"cummax", running_extreme<true>},
    {"cummin", running_extreme<false>},
    {"diff", diff},
    {"trapezoid", trapezoid},
    {"trapz", trapezoid},
    {"cumulative_trapezoid", trapezoid},
};

}  // namespace
}  // namespace scan_ops

std::span<const Row> scan_rows() { return scan_ops::kRows; }

}  // namespace thane::aten
