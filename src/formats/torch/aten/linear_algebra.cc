// Decompositions of matrices, systems of equations, covariances. Complex matrices are refused by the nodes.
#include "formats/torch/aten/linear_algebra.h"
#include "base/checked.h"

#include <algorithm>
#include <limits>

#include "formats/torch/aten/complex.h"

namespace thane::aten {
namespace {

std::vector<Edge> decompose(Call& c, std::string_view op, std::vector<Edge> inputs, size_t outputs,
                            AttrMap attrs = {}) {
  return c.many({.op = op,
                 .inputs = std::move(inputs),
                 .outputs = outputs,
                 .attrs = std::move(attrs),
                 .name = {},
                 .domain = Domain::kThane});
}
Edge turned(Call& c, const Edge& x) { return c.swap(x, -2, -1); }
Edge matrix(Call& c) { return c.edge(c.declares("A") ? "A" : c.declares("self") ? "self" : "input"); }
Edge none(Call& c) { return c.full(Dims{0}, 0, DType::kInt32); }
// An int32 per matrix: what can fail did not.
Edge fine(Call& c, const Edge& x) {
  const Dims dims = c.numbers(x);
  return c.full(Dims(dims.begin(), dims.end() - 2), 0, DType::kInt32);
}
// A mask over the last two axes by how far a place is right of the diagonal.
template <class Keep>
Edge masked(Call& c, const Edge& x, const Keep& keep) {
  const int64_t m = c.number(x, -2), n = c.number(x, -1);
  thane::Tensor mask = must(thane::Tensor::allocate(DType::kBool, {m, n}));
  for (int64_t i = 0; i < m * n; ++i) mask.data<uint8_t>()[i] = keep(i % n - i / n);
  return c.where(c.constant(std::move(mask)), x, c.like(0, x));
}
// Of a matrix that is said to be symmetric only what is on and below the diagonal counts.
Edge symmetric_matrix(Call& c) {
  const Edge a = matrix(c);
  if (!c.flag("hermitian")) return a;
  const Edge below = masked(c, a, [](int64_t right) { return right <= 0; });
  return c.add(below, turned(c, masked(c, a, [](int64_t right) { return right < 0; })));
}
Edge eye(Call& c, int64_t n, DType dtype) {
  return masked(c, c.full(Dims{n, n}, 1, dtype), [](int64_t right) { return right == 0; });
}
// Both with the batch axes of either.
void broadcast_batches(Call& c, Edge& a, Edge& b) {
  const Dims da = c.numbers(a), db = c.numbers(b);
  const SymDims sa(da.begin(), da.end() - 2), sb(db.begin(), db.end() - 2);
  const SymDims* shapes[] = {&sa, &sb};
  const Dims batch = to_numbers(must(broadcast(shapes)));
  const auto expanded = [&](const Edge& e, const Dims& dims) {
    Dims target = batch;
    target.insert(target.end(), dims.end() - 2, dims.end());
    return c.expand(e, target);
  };
  a = expanded(a, da), b = expanded(b, db);
}
Edge triangular(Call& c, Edge a, Edge b, bool upper, bool unit = false) {
  broadcast_batches(c, a, b);
  return c.own("SolveTriangular", {a, b}, {{"upper", int64_t{upper}}, {"unit", int64_t{unit}}});
}
Edge solved(Call& c, Edge a, Edge b) {
  broadcast_batches(c, a, b);
  const auto f = decompose(c, "LU", {a}, 4);
  const Edge rows = c.expand(c.unsqueeze(c.cast(f[3], DType::kInt64), {-1}), c.shape(b));
  const Edge exchanged = c.op("GatherElements", {b, rows}, {{"axis", static_cast<int64_t>(c.rank(b)) - 2}});
  return triangular(c, f[0], triangular(c, f[0], exchanged, false, true), true);
}

// --- systems

Value solve(Call& c) {
  Edge a = c.edge("A"), b = c.edge("B");
  const Dims da = c.numbers(a), db = c.numbers(b);
  const bool vector = db.size() == 1 || (db.size() + 1 == da.size() && std::equal(db.begin(), db.end(), da.begin()));
  const bool left = c.flag("left", true);
  if (vector) b = c.unsqueeze(b, {-1});
  Edge x = left ? solved(c, a, b) : turned(c, solved(c, turned(c, a), turned(c, b)));
  if (vector) x = c.squeeze(x, {-1});
  return c.name().ends_with("_ex") ? c.results(x, fine(c, a)) : c.tensor(x);
}
Value solve_triangular(Call& c) {
  const Edge a = c.edge("self"), b = c.edge("B");
  const bool upper = c.flag("upper"), unit = c.flag("unitriangular");
  if (c.flag("left", true)) return c.tensor(triangular(c, a, b, upper, unit));
  return c.tensor(turned(c, triangular(c, turned(c, a), turned(c, b), !upper, unit)));
}
Value old_triangular_solve(Call& c) {
  const Edge a = c.edge("A"), b = c.edge("self");
  const bool upper = c.flag("upper", true), turn = c.flag("transpose");
  Edge wide = a, right = b;
  broadcast_batches(c, wide, right);
  return c.results(triangular(c, turn ? turned(c, a) : a, b, upper != turn, c.flag("unitriangular")), wide);
}
Edge by_cholesky(Call& c, const Edge& factor, const Edge& b, bool upper) {
  const Edge l = upper ? turned(c, factor) : factor;
  return triangular(c, turned(c, l), triangular(c, l, b, false), true);
}
Value cholesky_solve(Call& c) { return c.tensor(by_cholesky(c, c.edge("input2"), c.edge("self"), c.flag("upper"))); }
Value cholesky_inverse(Call& c) {
  const Edge factor = c.edge("self");
  return c.tensor(by_cholesky(c, factor, eye(c, c.number(factor, -1), factor.dtype()), c.flag("upper")));
}
Value inverse(Call& c) {
  const Edge a = matrix(c), y = c.own("Inverse", {a});
  return c.name().ends_with("_ex") ? c.results(y, fine(c, a)) : c.tensor(y);
}
Value tensor_inverse(Call& c) {
  const Edge a = c.edge("self");
  const Dims dims = c.numbers(a);
  const auto at = dims.begin() + std::clamp<int64_t>(c.integer("ind", 2), 0, static_cast<int64_t>(dims.size()));
  Dims shape(at, dims.end());
  const int64_t n = *checked_product(shape);
  shape.insert(shape.end(), dims.begin(), at);
  return c.tensor(
      c.reshape(c.own("Inverse", {c.reshape(a, Dims{*checked_product(Dims(dims.begin(), at)), n})}), shape));
}
Value tensor_solve(Call& c) {
  Edge a = c.edge("self");
  const Edge b = c.edge("other");
  if (c.has("dims")) {
    Dims perm = c.all_axes(a), last;
    for (const size_t axis : c.axes(c.ints("dims"), c.rank(a))) last.push_back(static_cast<int64_t>(axis));
    for (const int64_t axis : last) std::erase(perm, axis);
    perm.insert(perm.end(), last.begin(), last.end());
    a = c.transpose(a, perm);
  }
  const Dims dims = c.numbers(a);
  const int64_t n = *checked_product(c.numbers(b));
  const Edge x = solved(c, c.reshape(a, Dims{n, n}), c.reshape(b, Dims{n, 1}));
  return c.tensor(c.reshape(x, Dims(dims.begin() + static_cast<std::ptrdiff_t>(c.rank(b)), dims.end())));
}

// --- factors

Value cholesky(Call& c) {
  const auto f = decompose(c, "Cholesky", {matrix(c)}, 2);
  const Edge l = c.flag("upper") ? turned(c, f[0]) : f[0];
  return c.name().ends_with("_ex") ? c.results(l, f[1]) : c.tensor(l);
}
Value lu_factor(Call& c) {
  const auto f = decompose(c, "LU", {matrix(c)}, 4);
  const bool info = c.name().ends_with("_ex") || c.name().ends_with("_info");
  return info ? c.results(f[0], f[1], f[2]) : c.results(f[0], f[1]);
}
Value lu(Call& c) {
  const Edge a = matrix(c);
  const auto f = decompose(c, "LU", {a}, 4);
  const int64_t m = c.number(a, -2), n = c.number(a, -1), k = std::min(m, n);
  const Edge below = masked(c, c.slice(f[0], -1, 0, k), [](int64_t right) { return right < 0; });
  const Edge above = masked(c, c.slice(f[0], -2, 0, k), [](int64_t right) { return right >= 0; });
  const Edge ones = masked(c, c.full(Dims{m, k}, 1, a.dtype()), [](int64_t right) { return right == 0; });
  // Column j of P has its one in the row that came to be row j.
  const Edge place = c.equal(c.unsqueeze(c.cast(f[3], DType::kInt64), {-2}), c.unsqueeze(c.range(m), {-1}));
  return c.results(c.cast(place, a.dtype()), c.add(below, ones), above);
}
Value qr(Call& c) {
  const Edge a = matrix(c);
  const auto f = decompose(c, "QR", {a}, 2);
  const std::string mode =
      c.declares("some") ? (c.flag("some", true) ? "reduced" : "complete") : c.text("mode", "reduced");
  const int64_t k = std::min(c.number(a, -2), c.number(a, -1));
  if (mode == "complete") return c.results(f[0], f[1]);
  const Edge r = c.slice(f[1], -2, 0, k);
  return mode == "r" ? c.results(c.full(Dims{0}, 0, a.dtype()), r) : c.results(c.slice(f[0], -1, 0, k), r);
}
Value svd(Call& c) {
  const Edge a = matrix(c);
  if (c.flag("full_matrices", c.name() == "aten::linalg_svd") || !c.flag("some", true)) {
    if (c.number(a, -2) != c.number(a, -1)) c.refuse("all singular vectors of a matrix that is not square");
  }
  const auto f = decompose(c, "Svd", {a}, 3);
  return c.results(f[0], f[1], c.name() == "aten::svd" ? f[2] : turned(c, f[2]));
}
Value singular_values_of(Call& c) { return c.tensor(singular_values(c, matrix(c))); }
Value eigh(Call& c) {
  const Edge a = matrix(c);
  const auto f = decompose(c, "Eigh", {c.text("UPLO", "L") == "U" ? turned(c, a) : a}, 2);
  return c.name().ends_with("valsh") ? c.tensor(f[0]) : c.results(f[0], f[1]);
}
Value exponential(Call& c) { return c.tensor(c.own("MatrixExp", {matrix(c)})); }

// --- determinants, ranks, inverses of singular matrices

// Sign and logarithm of the size.
std::pair<Edge, Edge> determinant(Call& c, const Edge& a) {
  const auto f = decompose(c, "LU", {a}, 4);
  const Edge diagonal = c.sum(masked(c, f[0], [](int64_t right) { return right == 0; }), {-1});
  const Edge order = c.add(c.range(c.number(a, -1)), 1);
  const Edge parity = c.where(c.equal(c.cast(f[1], DType::kInt64), order), c.like(1, a), c.like(-1, a));
  const Edge signs = c.mul(c.op("Sign", {diagonal}), parity);
  return {c.reduce("ReduceProd", signs, {-1}, false), c.sum(c.log(c.op("Abs", {diagonal})), {-1})};
}
Value slogdet(Call& c) {
  const auto [sign, size] = determinant(c, matrix(c));
  return c.results(sign, size);
}
Value logdet(Call& c) {
  const auto [sign, size] = determinant(c, matrix(c));
  const Edge nan = c.like(std::numeric_limits<double>::quiet_NaN(), size);
  return c.tensor(c.where(c.less(sign, c.like(0, sign)), nan, size));
}
Value det(Call& c) { return c.tensor(c.op("Det", {matrix(c)})); }

// Which singular values (falling) count as more than nothing.
Edge significant(Call& c, const Edge& s, const Edge& a) {
  const auto limit = [&](std::string_view name, double otherwise) {
    if (!c.has(name)) return c.like(otherwise, s);
    if (!c[name].is_tensor()) return c.number(name, s.dtype());
    const Edge each = c.cast(c.edge(name), s.dtype());  // one for all matrices, or one for each
    return c.rank(each) > 0 ? c.unsqueeze(each, {-1}) : each;
  };
  const double machine = s.dtype() == DType::kFloat64 ? std::numeric_limits<double>::epsilon()
                                                      : double{std::numeric_limits<float>::epsilon()};
  const double usual = machine * static_cast<double>(std::max(c.number(a, -2), c.number(a, -1)));
  if (c.declares("tol")) return c.less(limit("tol", 0), s);
  Edge relative = limit(c.declares("rcond") ? "rcond" : "rtol", usual);
  const Edge absolute = limit("atol", 0);
  // An absolute limit alone stands for itself.
  if (c.has("atol") && !c.has("rtol"))
    relative = c.where(c.less(c.like(0, absolute), absolute), c.like(0, s), relative);
  if (c.number(s, -1) == 0) return c.less(c.like(0, s), s);
  return c.less(c.max(absolute, c.mul(relative, c.slice(s, -1, 0, 1))), s);
}
Value rank(Call& c) {
  const Edge a = symmetric_matrix(c);
  return c.tensor(c.sum(c.cast(significant(c, singular_values(c, a), a), DType::kInt64), {-1}));
}
Edge pseudo_inverse(Call& c, const Edge& a, Edge* kept = nullptr) {
  const auto f = decompose(c, "Svd", {a}, 3);
  const Edge large = significant(c, f[1], a), one = c.like(1, f[1]);
  if (kept) *kept = large;
  const Edge factor = c.where(large, c.div(one, c.where(large, f[1], one)), c.like(0, f[1]));
  return c.matmul(c.mul(f[2], c.unsqueeze(factor, {-2})), turned(c, f[0]));
}
Value pinv(Call& c) { return c.tensor(pseudo_inverse(c, symmetric_matrix(c))); }
// Least squares. The rank is taken to be full where the residuals depend on it.
Value lstsq(Call& c) {
  const Edge a = c.edge("self");
  Edge b = c.edge("b"), kept;
  const bool vector = c.rank(b) + 1 == c.rank(a);
  if (vector) b = c.unsqueeze(b, {-1});
  const Edge x = c.matmul(pseudo_inverse(c, a, &kept), b);
  Edge residuals = c.full(Dims{0}, 0, a.dtype());
  if (c.number(a, -2) > c.number(a, -1)) residuals = c.sum(c.square(c.sub(c.matmul(a, x), b)), {-2});
  const std::string driver = c.text("driver", "gelsy");
  const Edge count = driver == "gels" ? c.cast(none(c), DType::kInt64) : c.sum(c.cast(kept, DType::kInt64), {-1});
  const bool values = driver == "gelsd" || driver == "gelss";
  return c.results(vector ? c.squeeze(x, {-1}) : x, residuals, count,
                   values ? singular_values(c, a) : c.full(Dims{0}, 0, a.dtype()));
}
Value cond(Call& c) {
  const Edge a = c.edge("self");
  const double p = c.has("p") && !c["p"].is_string() ? c.real("p") : 2;
  if (c["p"].is_string() || (p != 2 && p != -2)) c.refuse("the condition by this norm");
  const Edge s = singular_values(c, a);
  const Edge large = c.select(s, -1, 0), small = c.select(s, -1, c.number(s, -1) - 1);
  return c.tensor(p == 2 ? c.div(large, small) : c.div(small, large));
}

// --- covariances

// Of the rows of a matrix; `weights` count or weigh its columns.
Edge covariance(Call& c) {
  const Edge count = c.optional_edge("fweights"), importance = c.optional_edge("aweights");
  Edge x = c.floating("self");
  if (importance.present()) x = c.cast(x, promote_types(x.dtype(), importance.dtype()));
  if (c.rank(x) < 2) x = c.reshape(x, Dims{1, -1});
  Edge weights, total = c.cast(c.size(x, 1), x.dtype());
  if (count.present()) weights = c.cast(count, x.dtype());
  if (importance.present()) {
    const Edge real = c.cast(importance, x.dtype());
    weights = weights.present() ? c.mul(weights, real) : real;
  }
  if (weights.present()) total = c.sum(weights, {0});
  const auto weigh = [&](const Edge& e) { return weights.present() ? c.mul(e, weights) : e; };
  const Edge centred = c.sub(x, c.div(c.sum(weigh(x), {1}, true), total));
  Edge lost = c.like(static_cast<double>(c.integer("correction", 1)), total);
  if (importance.present()) lost = c.mul(lost, c.div(c.sum(c.mul(weights, c.cast(importance, x.dtype())), {0}), total));
  Edge factor = c.sub(total, lost);
  const Edge right = turned(c, weigh(centred));
  if (is_complex(x.dtype())) return c.div(complex_matmul(c, centred, complex_unary(c, "Conj", right)), factor);
  factor = c.max(factor, c.like(0, factor));
  return c.div(c.matmul(centred, right), factor);
}
Value cov(Call& c) {
  const Edge y = covariance(c);
  return c.tensor(c.number(y, 0) == 1 ? c.reshape(y, Dims{}) : y);
}
Value corrcoef(Call& c) {
  const Edge y = covariance(c);
  if (c.number(y, 0) == 1) {
    const Edge one = c.reshape(y, Dims{});
    return c.tensor(c.div(one, one));
  }
  const int64_t n = c.number(y, 0);
  thane::Tensor at = must(thane::Tensor::allocate(DType::kInt64, {n}));
  for (int64_t i = 0; i < n; ++i) at.data<int64_t>()[i] = i * (n + 1);
  const Edge spread = c.sqrt(c.gather(c.reshape(y, Dims{-1}), c.constant(std::move(at)), 0));
  const Edge ratio = c.div(c.div(y, c.unsqueeze(spread, {1})), spread);
  if (is_complex(y.dtype())) return c.tensor(ratio);
  return c.tensor(c.op("Clip", {ratio, c.like(-1, ratio), c.like(1, ratio)}));
}

constexpr Row kRows[] = {
    {"linalg_solve", solve},
    {"linalg_solve_ex", solve},
    {"linalg_solve_triangular", solve_triangular},
    {"triangular_solve", old_triangular_solve},
    {"cholesky_solve", cholesky_solve},
    {"cholesky_inverse", cholesky_inverse},
    {"inverse", inverse},
    {"linalg_inv", inverse},
    {"linalg_inv_ex", inverse},
    {"linalg_tensorinv", tensor_inverse},
    {"linalg_tensorsolve", tensor_solve},
    {"cholesky", cholesky},
    {"linalg_cholesky", cholesky},
    {"linalg_cholesky_ex", cholesky},
    {"linalg_lu", lu},
    {"linalg_lu_factor", lu_factor},
    {"linalg_lu_factor_ex", lu_factor},
    {"_lu_with_info", lu_factor},
    {"qr", qr},
    {"linalg_qr", qr},
    {"svd", svd},
    {"linalg_svd", svd},
    {"_linalg_svd", svd},
    {"linalg_svdvals", singular_values_of},
    {"linalg_eigh", eigh},
    {"_linalg_eigh", eigh},
    {"linalg_eigvalsh", eigh},
    {"matrix_exp", exponential},
    {"linalg_matrix_exp", exponential},
    {"det", det},
    {"linalg_det", det},
    {"slogdet", slogdet},
    {"linalg_slogdet", slogdet},
    {"logdet", logdet},
    {"linalg_matrix_rank", rank},
    {"linalg_pinv", pinv},
    {"pinverse", pinv},
    {"linalg_lstsq", lstsq},
    {"linalg_cond", cond},
    {"cov", cov},
    {"corrcoef", corrcoef},
};

}  // namespace

Edge singular_values(Call& c, const Edge& a) { return decompose(c, "Svd", {a}, 3)[1]; }

std::span<const Row> linear_algebra_rows() { return kRows; }

}  // namespace thane::aten
