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
  if (c.integer("n", 1) == 0) return c.tensor(c.op("Identity", {x}));
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
// By the trapezoidal rule, over an axis: steps of dx or between the points x. Integers wrap around before they are
// halved.
Value trapezoid(Call& c) {
  Edge y = c.edge("y");
  const auto axis = static_cast<int64_t>(c.axis(c.integer("dim", -1), c.rank(y)));
  const bool running_sum = c.name() == "aten::cumulative_trapezoid", points = c.has("x") && c["x"].is_tensor();
  const auto steps = [&](const Edge& e, int64_t begin, int64_t end) { return c.slice(e, axis, begin, end); };
  const auto summed = [&](const Edge& e) {
    const Edge wide = is_float(e.dtype()) || is_complex(e.dtype()) ? e : c.cast(e, DType::kInt64);
    return c.floating(running_sum ? running(c, "CumSum", wide, axis) : c.sum(wide, {axis}));
  };
  if (points) {
    Edge x = c.edge("x");
    if (c.rank(x) == 1 && c.rank(y) > 1) {
      Dims dims(c.rank(y), 1);
      dims[static_cast<size_t>(axis)] = -1;
      x = c.reshape(x, dims);
    }
    const Edge sums = c.add(steps(y, 1, INT64_MAX), steps(y, 0, -1)),
               widths = c.sub(steps(x, 1, INT64_MAX), steps(x, 0, -1));
    const DType dtype = promote_types(sums.dtype(), widths.dtype());
    return c.tensor(c.mul(summed(c.mul(c.cast(sums, dtype), c.cast(widths, dtype))), 0.5));
  }
  if (!running_sum) y = c.floating(y);
  const Edge sums = c.floating(c.add(steps(y, 1, INT64_MAX), steps(y, 0, -1)));
  return c.tensor(summed(c.mul(c.mul(sums, 0.5), c.number_of(c.has("dx") ? c["dx"] : Value(1), sums.dtype()))));
}

// Differences over an axis at every point: central ones inside, one-sided ones of either order at the ends. `points`:
// where the values were taken; absent: `step` apart.
Edge slope(Call& c, const Edge& x, int64_t axis, const Edge& points, double step) {
  const int64_t n = c.number(x, axis), order = c.integer("edge_order", 1);
  if (n <= order) fail(invalid_model(format("a gradient over {} elements", n)));
  const auto at = [&](const Edge& e, int64_t begin, int64_t end) { return c.slice(e, axis, begin, end); };
  Edge gaps;  // between neighbours
  if (points.present()) {
    Dims dims(c.rank(x), 1);
    dims[static_cast<size_t>(axis)] = -1;
    const Edge shaped = c.reshape(c.cast(points, x.dtype()), dims);
    gaps = c.sub(at(shaped, 1, n), at(shaped, 0, n - 1));
  } else {
    Dims dims(c.rank(x), 1);
    dims[static_cast<size_t>(axis)] = n - 1;
    gaps = c.full(dims, step, x.dtype());
  }
  const Edge slopes = c.div(c.sub(at(x, 1, n), at(x, 0, n - 1)), gaps);
  std::vector<Edge> parts;
  // At the middle of two slopes; at an end by going on in a straight line.
  const auto left = [&](int64_t i) { return at(slopes, i, i + 1); };
  const auto gap = [&](int64_t i) { return at(gaps, i, i + 1); };
  const auto end = [&](int64_t near, int64_t far) {
    if (order == 1) return left(near);
    const Edge lean = c.div(gap(near), c.add(gap(near), gap(far)));
    return c.add(left(near), c.mul(lean, c.sub(left(near), left(far))));
  };
  parts.push_back(end(0, 1));
  if (n > 2) {
    const Edge before = at(gaps, 0, n - 2), after = at(gaps, 1, n - 1);
    const Edge weighted = c.add(c.mul(after, at(slopes, 0, n - 2)), c.mul(before, at(slopes, 1, n - 1)));
    parts.push_back(c.div(weighted, c.add(before, after)));
  }
  parts.push_back(end(n - 2, n - 3));
  return c.concat(std::move(parts), axis);
}
Value gradient(Call& c) {
  const Edge x = c.floating("self");
  Dims axes = c.has("dim") ? c.ints("dim") : c.all_axes(x);
  std::vector<Edge> results;
  const std::vector<Value>* spacing = c["spacing"].items();
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<int64_t>(c.axis(axes[i], c.rank(x)));
    Edge points;
    double step = 1;
    if (spacing) {
      const Value& one = spacing->at(spacing->size() == 1 ? 0 : i);
      if (one.is_tensor())
        points = c.edge_of(one);
      else
        step = c.reals("spacing")[spacing->size() == 1 ? 0 : i];
    } else {
      step = c.real("spacing", 1);
    }
    results.push_back(slope(c, x, axis, points, step));
  }
  return c.tensors(results);
}

constexpr Row kRows[] = {
    {"cumsum", cumulative<"CumSum">},
    {"cumprod", cumulative<"CumProd">},
    {"logcumsumexp", logcumsumexp},
    {"_logcumsumexp", logcumsumexp},
    {"cummax", running_extreme<true>},
    {"cummin", running_extreme<false>},
    {"diff", diff},
    {"gradient", gradient},
    {"trapezoid", trapezoid},
    {"trapz", trapezoid},
    {"cumulative_trapezoid", trapezoid},
};

}  // namespace
}  // namespace scan_ops

std::span<const Row> scan_rows() { return scan_ops::kRows; }

}  // namespace thane::aten
