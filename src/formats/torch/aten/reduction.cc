// Sums, moments, extremes, norms over axes.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "formats/torch/aten/complex.h"
#include "formats/torch/aten/fixed_name.h"
#include "formats/torch/aten/limits.h"
#include "formats/torch/aten/linear_algebra.h"

namespace thane::aten {
namespace reduction_ops {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Axes to reduce: those of `dim`, all when there are none.
Dims reduced_axes(Call& c, const Edge& x, std::string_view name = "dim") {
  if (c.rank(x) == 0) return {};
  const Dims given = c.ints(name);
  if (given.empty()) return c.all_axes(x);
  Dims axes;
  for (const size_t axis : c.axes(given, c.rank(x))) axes.push_back(static_cast<int64_t>(axis));
  return axes;
}
bool keep(Call& c) { return c.flag("keepdim"); }

// Integers and bools add up as int64.
Edge summable(Call& c, std::string_view name) {
  const Edge x = c.edge(name);
  if (c.has("dtype")) return c.cast(x, c.dtype_argument("dtype", x.dtype()));
  return is_float(x.dtype()) || is_complex(x.dtype()) ? x : c.cast(x, DType::kInt64);
}
Edge floats(Call& c, std::string_view name) {
  const Edge x = c.edge(name);
  return c.has("dtype") ? c.cast(x, c.dtype_argument("dtype", x.dtype())) : x;
}
// A linear reduction of complex numbers is that of their parts.
Edge linear_reduce(Call& c, std::string_view name, const Edge& x, const Dims& axes, bool keep) {
  if (!is_complex(x.dtype())) return c.reduce(name, x, axes, keep);
  return c.own("ViewAsComplex", {c.reduce(name, c.own("ViewAsReal", {x}), axes, keep)});
}
Edge without_nan(Call& c, const Edge& x) {
  return is_float(x.dtype()) ? c.where(c.op("IsNaN", {x}), c.like(0, x), x) : x;
}

Value sum(Call& c) {
  const Edge x = summable(c, "self");
  return c.tensor(linear_reduce(c, "ReduceSum", x, reduced_axes(c, x), keep(c)));
}
Value nansum(Call& c) {
  const Edge x = without_nan(c, summable(c, "self"));
  return c.tensor(c.sum(x, reduced_axes(c, x), keep(c)));
}
Value mean(Call& c) {
  const Edge x = floats(c, "self");
  if (!is_float(x.dtype()) && !is_complex(x.dtype())) fail(invalid_model("the mean of integers").expecting("floats"));
  return c.tensor(linear_reduce(c, "ReduceMean", x, reduced_axes(c, x), keep(c)));
}
Value nanmean(Call& c) {
  const Edge x = floats(c, "self");
  const Dims axes = reduced_axes(c, x);
  const Edge numbers = c.cast(c.logical_not(c.op("IsNaN", {x})), x.dtype());
  return c.tensor(c.div(c.sum(without_nan(c, x), axes, keep(c)), c.sum(numbers, axes, keep(c))));
}
Value product(Call& c) {
  const Edge x = summable(c, "self");
  const Dims axes = reduced_axes(c, x);
  if (x.dtype() == DType::kBool) return c.tensor(c.reduce("ReduceMin", x, axes, keep(c)));
  if (!is_complex(x.dtype())) return c.tensor(c.reduce("ReduceProd", x, axes, keep(c)));
  // Axis by axis, halves of it by each other.
  Edge y = x;
  for (const int64_t axis : axes) {
    for (int64_t n = c.number(y, axis); n != 1; n = c.number(y, axis)) {
      if (n == 0) {
        Dims dims = c.numbers(y);
        dims[static_cast<size_t>(axis)] = 1;
        y = c.full(dims, 1, y.dtype());
      } else {
        const Edge half = c.mul(c.slice(y, axis, 0, n / 2), c.slice(y, axis, n / 2, n / 2 * 2));
        y = n % 2 ? c.concat({half, c.slice(y, axis, n - 1, n)}, axis) : half;
      }
    }
  }
  return c.tensor(keep(c) ? y : c.squeeze(y, axes));
}
Value count_nonzero(Call& c) {
  const Edge x = c.cast(c.to_bool(c.edge("self")), DType::kInt64);
  return c.tensor(c.sum(x, reduced_axes(c, x)));
}
template <Name kOp>
Value truth(Call& c) {
  const Edge x = c.edge("self");
  const Edge result = c.reduce(kOp, c.to_bool(x), reduced_axes(c, x), keep(c));
  return c.tensor(x.dtype() == DType::kUInt8 ? c.cast(result, DType::kUInt8) : result);
}

// --- extremes

template <Name kOp>
Value extreme_value(Call& c) {
  const Edge x = c.edge("self");
  return c.tensor(c.reduce(kOp, x, reduced_axes(c, x), keep(c)));
}
Value both_extremes(Call& c) {
  const Edge x = c.edge("self");
  const Dims axes = reduced_axes(c, x);
  return c.results(c.reduce("ReduceMin", x, axes, keep(c)), c.reduce("ReduceMax", x, axes, keep(c)));
}
Edge position(Call& c, std::string_view name, const Edge& x, int64_t axis, bool keep) {
  const Edge numeric = x.dtype() == DType::kBool ? c.cast(x, DType::kUInt8) : x;
  return c.op(name, {numeric}, {{"axis", axis}, {"keepdims", int64_t{keep}}});
}
template <Name kArg>
Value arg(Call& c) {
  const Edge x = c.edge("self");
  if (c.rank(x) == 0) return c.tensor(c.int64(0));
  if (c.has("dim")) {
    return c.tensor(position(c, kArg, x, static_cast<int64_t>(c.axis(c.integer("dim"), c.rank(x))), keep(c)));
  }
  Edge at = position(c, kArg, c.reshape(x, Dims{-1}), 0, false);
  if (keep(c)) at = c.reshape(at, Dims(c.rank(x), 1));
  return c.tensor(at);
}
// max and min: of two tensors, of everything, or along an axis with positions.
template <bool kMax>
Value extreme(Call& c) {
  constexpr std::string_view kReduce = kMax ? "ReduceMax" : "ReduceMin", kArg = kMax ? "ArgMax" : "ArgMin";
  if (c.declares("other")) {
    const auto x = c.promoted({"self", "other"});
    return c.tensor(kMax ? c.max(x[0], x[1]) : c.min(x[0], x[1]));
  }
  const Edge x = c.edge("self");
  if (!c.has("dim")) return c.tensor(c.reduce(kReduce, x, c.all_axes(x), false));
  if (c.rank(x) == 0) return c.results(x, c.int64(0));
  const auto axis = static_cast<int64_t>(c.axis(c.integer("dim"), c.rank(x)));
  return c.results(c.reduce(kReduce, x, {axis}, keep(c)), position(c, kArg, x, axis, keep(c)));
}

// --- moments

struct Spread {
  Edge variance, mean;
};
Spread spread(Call& c) {
  Edge x = c.edge("self");
  const Dims axes = reduced_axes(c, x);
  double correction = 1;
  if (c.declares("unbiased")) correction = c.flag("unbiased", true) ? 1 : 0;
  if (c.has("correction")) correction = c.real("correction");
  const DType dtype = x.dtype();
  if (dtype == DType::kFloat16 || dtype == DType::kBFloat16) x = c.cast(x, DType::kFloat32);
  const Edge centre = c.mean(x, axes, true);
  const Edge offset = c.sub(x, centre);
  const Edge distance = is_complex(dtype) ? absolute(c, split(c, offset)) : offset;
  const Edge squares = c.sum(c.square(distance), axes, keep(c));
  // Elements per result, less the correction; below zero counts as zero.
  Edge count = c.like(1, squares);
  if (!axes.empty())
    count = c.cast(c.op("ReduceProd", {c.gather(c.shape(x), c.int64s(axes), 0)}, {{"keepdims", int64_t{0}}}),
                   squares.dtype());
  const Edge divisor = c.max(c.sub(count, correction), c.like(0, squares));
  const Edge mean = keep(c) || axes.empty() ? centre : c.squeeze(centre, axes);
  return {c.cast(c.div(squares, divisor), real_of(dtype)), c.cast(mean, dtype)};
}
Value var(Call& c) { return c.tensor(spread(c).variance); }
Value std(Call& c) { return c.tensor(c.sqrt(spread(c).variance)); }
Value var_mean(Call& c) {
  const Spread s = spread(c);
  return c.results(s.variance, s.mean);
}
Value std_mean(Call& c) {
  const Spread s = spread(c);
  return c.results(c.sqrt(s.variance), s.mean);
}

// --- norms

Edge log_sum_exp(Call& c, const Edge& x, const Dims& axes, bool keep) {
  return c.op("ReduceLogSumExp", {x, c.int64s(axes)},
              {{"keepdims", int64_t{keep}}, {"noop_with_empty_axes", int64_t{axes.empty()}}});
}
Value logsumexp(Call& c) {
  const Edge x = c.floating("self");
  return c.tensor(log_sum_exp(c, x, reduced_axes(c, x), keep(c)));
}
Edge vector_norm(Call& c, Edge x, double p, const Dims& axes, bool keep) {
  if (is_complex(x.dtype())) x = absolute(c, split(c, x));
  const Edge size = c.op("Abs", {x});
  if (p == kInfinity) return c.reduce("ReduceMax", size, axes, keep);
  if (p == -kInfinity) return c.reduce("ReduceMin", size, axes, keep);
  if (p == 0) return c.sum(c.cast(c.to_bool(x), x.dtype()), axes, keep);
  if (p == 1) return c.reduce("ReduceL1", x, axes, keep);
  if (p == 2) return c.reduce("ReduceL2", x, axes, keep);
  const Edge sum = c.sum(c.op("Pow", {size, c.like(p, x)}), axes, keep);
  return c.op("Pow", {sum, c.like(1 / p, x)});
}
double order(Call& c, std::string_view name) {
  const Value& p = c[name];
  if (p.is_string()) {
    if (p.string() == "fro") return 2;
    c.refuse(format("the norm '{}'", p.string()));
  }
  return c.real(name, 2);
}
Value norm(Call& c) {
  Edge x = c.edge("self");
  if (c.has("dtype")) x = c.cast(x, c.dtype_argument("dtype", x.dtype()));
  const std::string_view name = c.declares("ord") ? "ord" : "p";
  return c.tensor(vector_norm(c, c.floating(x), order(c, name), reduced_axes(c, x), keep(c)));
}
Value frobenius_norm(Call& c) {
  const Edge x = c.floating("self");
  return c.tensor(vector_norm(c, x, 2, reduced_axes(c, x), keep(c)));
}
// Of matrices where two axes are meant and the order asks for it, else of vectors.
Value linalg_norm(Call& c) {
  Edge x = c.edge(c.declares("self") ? "self" : "A");
  if (c.has("dtype")) x = c.cast(x, c.dtype_argument("dtype", x.dtype()));
  x = c.floating(x);
  const bool matrix_op = c.name() == "aten::linalg_matrix_norm";
  Dims axes = matrix_op && !c.has("dim") ? Dims{-2, -1} : reduced_axes(c, x);
  for (int64_t& axis : axes) axis = static_cast<int64_t>(c.axis(axis, c.rank(x)));
  const bool matrix = axes.size() == 2 && (c.has("ord") || matrix_op) && (matrix_op || c.has("dim") || c.rank(x) == 2);
  if (!matrix || (c["ord"].is_string() && c["ord"].string() == "fro")) {
    return c.tensor(vector_norm(c, x, order(c, "ord"), axes, keep(c)));
  }
  const bool nuclear = c["ord"].is_string() && c["ord"].string() == "nuc";
  const double p = nuclear ? 2 : order(c, "ord");
  if (std::abs(p) == 2) {
    Dims perm = c.all_axes(x);
    for (const int64_t axis : axes) std::erase(perm, axis);
    perm.insert(perm.end(), axes.begin(), axes.end());
    const Edge s = singular_values(c, c.transpose(x, perm));
    const Edge value = nuclear ? c.sum(s, {-1}) : c.reduce(p > 0 ? "ReduceMax" : "ReduceMin", s, {-1}, false);
    Dims sorted = axes;
    std::sort(sorted.begin(), sorted.end());
    return c.tensor(keep(c) ? c.unsqueeze(value, sorted) : value);
  }
  if (std::abs(p) != 1 && std::abs(p) != kInfinity) c.refuse(format("the matrix norm of order {}", p));
  // The largest or smallest sum of magnitudes over columns (1) or rows (∞).
  const bool columns = std::abs(p) == 1;
  const Edge size = is_complex(x.dtype()) ? absolute(c, split(c, x)) : c.op("Abs", {x});
  const Edge sums = c.sum(size, {columns ? axes[0] : axes[1]}, true);
  const Edge result = c.reduce(p > 0 ? "ReduceMax" : "ReduceMin", sums, {columns ? axes[1] : axes[0]}, true);
  return c.tensor(keep(c) ? result : c.squeeze(result, axes));
}
Value dist(Call& c) {
  const auto x = c.promoted({"self", "other"}, true);
  const Edge difference = c.sub(x[0], x[1]);
  return c.tensor(vector_norm(c, difference, c.real("p", 2), c.all_axes(difference), false));
}
Value pairwise_distance(Call& c) {
  const Edge a = c.edge("x1"), b = c.edge("x2");
  const Edge difference = c.add(c.floating(c.sub(a, b)), c.real("eps", 1e-6));
  return c.tensor(vector_norm(c, difference, c.real("p", 2), {-1}, keep(c)));
}
Value renorm(Call& c) {
  const Edge x = c.edge("self");
  Dims axes = c.all_axes(x);
  axes.erase(axes.begin() + static_cast<std::ptrdiff_t>(c.axis(c.integer("dim"), c.rank(x))));
  const Edge norm = vector_norm(c, x, c.real("p"), axes, true);
  const double limit = c.real("maxnorm");
  const Edge factor = c.div(limit, c.add(norm, 1e-7));
  const Edge scale = c.where(c.less(c.like(limit, norm), norm), factor, c.like(1, norm));
  return c.tensor(c.mul(x, c.cast(scale, x.dtype())));
}
Value trace(Call& c) {
  const Edge x = summable(c, "self");
  const Dims dims = c.numbers(x);
  if (dims.size() != 2) fail(invalid_model("the trace of other than a matrix"));
  const int64_t n = bounded(std::min(dims[0], dims[1]), "a diagonal");
  thane::Tensor at = must(thane::Tensor::allocate(DType::kInt64, {n}));
  for (int64_t i = 0; i < n; ++i) at.data<int64_t>()[i] = i * (dims[1] + 1);
  return c.tensor(
      linear_reduce(c, "ReduceSum", c.gather(c.reshape(x, Dims{-1}), c.constant(std::move(at)), 0), {0}, false));
}
Value cosine_similarity(Call& c) {
  auto x = c.promoted({"x1", "x2"});
  Dims axis = {c.integer("dim", 1)};
  if (c.rank(x[0]) == 0 && c.rank(x[1]) == 0)
    x[0] = c.reshape(x[0], Dims{1}), x[1] = c.reshape(x[1], Dims{1}), axis = {0};
  const SymDims* shapes[] = {&c.dims(x[0]), &c.dims(x[1])};
  if (const SymDims dims = must(broadcast(shapes)); all_numbers(dims)) {
    for (Edge& e : x) e = c.expand(e, to_numbers(dims));
  }
  const Edge eps = c.like(c.real("eps", 1e-8), x[0]);
  const auto unit = [&](const Edge& e) { return c.div(e, c.max(c.reduce("ReduceL2", e, axis, true), eps)); };
  return c.tensor(c.sum(c.mul(unit(x[0]), unit(x[1])), axis));
}

// Summed over the axes along which the smaller shape would be repeated.
Value sum_to_size(Call& c) {
  const Edge x = c.edge("self");
  const Dims size = c.ints("size"), dims = c.numbers(x);
  if (size.size() > dims.size()) fail(invalid_model("a sum to a shape of higher rank"));
  const size_t lead = dims.size() - size.size();
  Dims axes;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (i < lead || (size[i - lead] == 1 && dims[i] != 1)) axes.push_back(static_cast<int64_t>(i));
  }
  if (axes.empty() && !size.empty()) return c["self"];  // to a scalar it is a sum in any case, which decides its dtype
  const bool whole = !is_float(x.dtype()) && !is_complex(x.dtype());
  const Edge wide = whole ? c.cast(x, DType::kInt64) : x, sums = axes.empty() ? wide : c.sum(wide, axes, true);
  return c.tensor(c.reshape(sums, size));
}

constexpr Row kRows[] = {
    {"sum_to_size", sum_to_size},
    {"sum", sum},
    {"nansum", nansum},
    {"mean", mean},
    {"nanmean", nanmean},
    {"prod", product},
    {"count_nonzero", count_nonzero},
    {"all", truth<"ReduceMin">},
    {"any", truth<"ReduceMax">},
    {"amax", extreme_value<"ReduceMax">},
    {"amin", extreme_value<"ReduceMin">},
    {"aminmax", both_extremes},
    {"_aminmax", both_extremes},
    {"argmax", arg<"ArgMax">},
    {"argmin", arg<"ArgMin">},
    {"max", extreme<true>},
    {"min", extreme<false>},
    {"var", var},
    {"std", std},
    {"var_mean", var_mean},
    {"std_mean", std_mean},
    {"logsumexp", logsumexp},
    {"special_logsumexp", logsumexp},
    {"norm", norm},
    {"linalg_vector_norm", norm},
    {"frobenius_norm", frobenius_norm},
    {"linalg_norm", linalg_norm},
    {"linalg_matrix_norm", linalg_norm},
    {"dist", dist},
    {"pairwise_distance", pairwise_distance},
    {"renorm", renorm},
    {"trace", trace},
    {"cosine_similarity", cosine_similarity},
};

}  // namespace
}  // namespace reduction_ops

std::span<const Row> reduction_rows() { return reduction_ops::kRows; }

}  // namespace thane::aten
