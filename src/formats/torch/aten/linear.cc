// Products of matrices and vectors.
#include <algorithm>
#include <limits>
#include <numeric>

#include "formats/torch/aten/complex.h"
#include "formats/torch/aten/limits.h"

namespace thane::aten {
namespace linear_ops {
namespace {

bool is_one(const Value& value) {
  return value.is_none() || (value.is_int() && value.integer() == 1) || (value.is_float() && value.real() == 1);
}
bool is_zero(const Value& value) {
  return (value.is_int() && value.integer() == 0) || (value.is_float() && value.real() == 0);
}

Edge product(const Ops& ops, const Edge& a, const Edge& b) {
  if (is_complex(a.dtype())) return complex_matmul(ops, a, b);
  if (a.dtype() == DType::kBool) return ops.to_bool(ops.matmul(ops.cast(a, DType::kInt32), ops.cast(b, DType::kInt32)));
  return ops.matmul(a, b);
}
Edge times(Call& c, const Edge& x, std::string_view name) {
  if (is_one(c[name])) return x;
  const Edge factor = c.number(name, x.dtype());
  return is_complex(x.dtype()) ? complex_binary(c, "Mul", x, factor) : c.mul(x, factor);
}
Edge sum(Call& c, const Edge& a, const Edge& b) {
  return is_complex(a.dtype()) ? complex_binary(c, "Add", a, b) : c.add(a, b);
}

Value matmul(Call& c) {
  for (const auto& [a, b] :
       {std::pair{"self", "other"}, {"self", "mat2"}, {"self", "vec"}, {"self", "tensor"}, {"input", "other"}}) {
    if (!c.declares(a) || !c.declares(b)) continue;
    return c.tensor(product(c, c.edge(a), c.edge(b)));
  }
  c.refuse("operands by these names");
}
Value vdot(Call& c) {
  Edge a = c.edge("self");
  if (is_complex(a.dtype())) a = complex_unary(c, "Conj", a);
  return c.tensor(product(c, a, c.edge("other")));
}
Value vecdot(Call& c) {
  auto x = c.promoted({"x", "y"});
  if (is_complex(x[0].dtype())) x[0] = complex_unary(c, "Conj", x[0]);
  return c.tensor(c.sum(c.mul(x[0], x[1]), {c.integer("dim", -1)}));
}
Value outer(Call& c) {
  const std::string_view other = c.declares("vec2") ? "vec2" : "other";
  const auto x = c.promoted({"self", other});
  const Edge a = c.unsqueeze(x[0], {1}), b = c.unsqueeze(x[1], {0});
  return c.tensor(is_complex(a.dtype()) ? complex_binary(c, "Mul", a, b) : c.mul(a, b));
}
Value inner(Call& c) {
  const auto x = c.promoted({"self", "other"});
  if (c.rank(x[0]) == 0 || c.rank(x[1]) == 0) {
    return c.tensor(is_complex(x[0].dtype()) ? complex_binary(c, "Mul", x[0], x[1]) : c.mul(x[0], x[1]));
  }
  // Over the last axes of both: rows times rows.
  const int64_t k = c.number(x[0], -1);
  const Edge a = c.reshape(x[0], Dims{-1, k}), b = c.swap(c.reshape(x[1], Dims{-1, k}), 0, 1);
  const Edge shape = c.concat({c.slice(c.shape(x[0]), 0, 0, -1), c.slice(c.shape(x[1]), 0, 0, -1)}, 0);
  return c.tensor(c.reshape(product(c, a, b), shape));
}

// beta · self + alpha · a·b, summed over the batch where `kSum`.
Edge add_product(Call& c, const Edge& bias, const Edge& a, const Edge& b) {
  const bool plain = a.dims() && a.dims()->size() == 2 && b.dims() && b.dims()->size() == 2;
  if (plain && (mask_of(a.dtype()) & kFloats) && !c["beta"].is_symbol() && !c["alpha"].is_symbol()) {
    AttrMap attrs;
    if (!is_one(c["alpha"])) attrs["alpha"] = static_cast<float>(c.real("alpha"));
    if (is_zero(c["beta"])) return c.op("Gemm", {a, b}, std::move(attrs));
    if (!is_one(c["beta"])) attrs["beta"] = static_cast<float>(c.real("beta"));
    return c.op("Gemm", {a, b, bias}, std::move(attrs));
  }
  const Edge scaled = times(c, product(c, a, b), "alpha");
  return is_zero(c["beta"]) ? scaled : sum(c, scaled, times(c, bias, "beta"));
}
Value addmm(Call& c) { return c.tensor(add_product(c, c.edge("self"), c.edge("mat1"), c.edge("mat2"))); }
Value addmv(Call& c) { return c.tensor(add_product(c, c.edge("self"), c.edge("mat"), c.edge("vec"))); }
Value baddbmm(Call& c) { return c.tensor(add_product(c, c.edge("self"), c.edge("batch1"), c.edge("batch2"))); }
Value addbmm(Call& c) {
  const Edge products = product(c, c.edge("batch1"), c.edge("batch2"));
  const Edge scaled = times(c, c.sum(products, {0}), "alpha");
  return c.tensor(is_zero(c["beta"]) ? scaled : sum(c, scaled, times(c, c.edge("self"), "beta")));
}
Value addr(Call& c) {
  const auto x = c.promoted({"self", "vec1", "vec2"});
  const Edge a = c.unsqueeze(x[1], {1}), b = c.unsqueeze(x[2], {0});
  if (x[0].dtype() == DType::kBool) {
    const Edge both = c.both(a, b);
    return c.tensor(is_zero(c["beta"]) ? both : c.either(both, x[0]));
  }
  const Edge scaled = times(c, is_complex(a.dtype()) ? complex_binary(c, "Mul", a, b) : c.mul(a, b), "alpha");
  return c.tensor(is_zero(c["beta"]) ? scaled : sum(c, scaled, times(c, x[0], "beta")));
}

Value linear(Call& c) {
  const Edge x = c.edge("input"), weight = c.edge("weight");
  const bool has_bias = c.has("bias");
  if (c.rank(weight) == 1) {
    const Edge y = product(c, x, weight);
    return c.tensor(has_bias ? sum(c, y, c.edge("bias")) : y);
  }
  if (x.dims() && x.dims()->size() == 2 && (mask_of(x.dtype()) & kFloats)) {
    std::vector<Edge> inputs = {x, weight};
    if (has_bias) inputs.push_back(c.edge("bias"));
    return c.tensor(c.op("Gemm", std::move(inputs), {{"transB", int64_t{1}}}));
  }
  const Edge y = product(c, x, c.swap(weight, 0, 1));
  return c.tensor(has_bias ? sum(c, y, c.edge("bias")) : y);
}
Value bilinear(Call& c) {
  const Edge a = c.edge("input1"), b = c.edge("input2"), weight = c.edge("weight");
  const Edge y = c.op("Einsum", {a, weight, b}, {{"equation", std::string("...i,oij,...j->...o")}});
  return c.tensor(c.has("bias") ? c.add(y, c.edge("bias")) : y);
}
Value einsum(Call& c) {
  const Value& list = c["tensors"];
  Promotion promotion;
  Ops ops(c.context);
  std::vector<Edge> operands = c.edges("tensors");
  for (const Value& item : *list.items()) promotion.add(ops, item);
  std::string equation = c.text("equation");
  std::erase(equation, ' ');
  DType dtype = promotion.result();
  // A sum over one operand alone is torch's sum, which counts in int64.
  const size_t arrow = equation.find("->");
  if (operands.size() == 1 && is_integer(dtype) && arrow != std::string::npos) {
    const auto outside = [&](char label) { return equation.find(label, arrow + 2) == std::string::npos; };
    if (std::any_of(equation.begin(), equation.begin() + static_cast<std::ptrdiff_t>(arrow), outside))
      dtype = DType::kInt64;
  }
  for (Edge& operand : operands) operand = c.cast(operand, dtype);
  if (is_complex(promotion.result())) c.refuse("einsum of complex numbers");
  // A chain of two operands at a time keeps large intermediates away, but the op takes any number.
  return c.tensor(c.op("Einsum", std::move(operands), {{"equation", equation}}));
}
Value tensordot(Call& c) {
  Edge a = c.edge("self"), b = c.edge("other");
  const auto da = c.axes(c.ints("dims_self"), c.rank(a)), db = c.axes(c.ints("dims_other"), c.rank(b));
  const auto free_axes = [&](const Edge& x, const std::vector<size_t>& used) {
    Dims rest;
    for (size_t i = 0; i < c.rank(x); ++i) {
      if (std::find(used.begin(), used.end(), i) == used.end()) rest.push_back(static_cast<int64_t>(i));
    }
    return rest;
  };
  const Dims fa = free_axes(a, da), fb = free_axes(b, db);
  Dims pa = fa, pb(db.begin(), db.end());
  pa.insert(pa.end(), da.begin(), da.end());
  pb.insert(pb.end(), fb.begin(), fb.end());
  // An axis of one is repeated against the other's.
  for (size_t i = 0; i < da.size() && i < db.size(); ++i) {
    const auto ia = static_cast<int64_t>(da[i]), ib = static_cast<int64_t>(db[i]);
    if (c.number(a, ia) == 1 && c.number(b, ib) != 1) b = c.sum(b, {ib}, true);
    if (c.number(b, ib) == 1 && c.number(a, ia) != 1) a = c.sum(a, {ia}, true);
  }
  int64_t k = 1;
  for (const size_t axis : da) k *= c.number(a, static_cast<int64_t>(axis));
  int64_t m = 1, n = 1;
  Dims shape;
  for (const int64_t axis : fa) shape.push_back(c.number(a, axis)), m *= shape.back();
  for (const int64_t axis : fb) shape.push_back(c.number(b, axis)), n *= shape.back();
  const Edge y = product(c, c.reshape(c.transpose(a, pa), Dims{m, k}), c.reshape(c.transpose(b, pb), Dims{k, n}));
  return c.tensor(c.reshape(y, shape));
}
Value chain(Call& c) {
  std::vector<Edge> parts = c.edges(c.declares("matrices") ? "matrices" : "tensors");
  Edge y = parts.at(0);
  for (size_t i = 1; i < parts.size(); ++i) y = product(c, y, parts[i]);
  return c.tensor(y);
}
Value cross(Call& c) {
  auto x = c.promoted({"self", "other"});
  const Dims da = c.numbers(x[0]), db = c.numbers(x[1]);
  if (da.size() != db.size()) fail(invalid_model("cross of tensors of different ranks"));
  int64_t axis = c.name() == "aten::linalg_cross" ? -1 : 0;
  if (c.has("dim")) {
    axis = c.integer("dim");
  } else if (c.name() == "aten::cross") {
    while (axis < static_cast<int64_t>(da.size()) && da[static_cast<size_t>(axis)] != 3) ++axis;
  }
  const auto part = [&](const Edge& e, int64_t i) {
    return c.gather(e, c.int64s({i, (i + 1) % 3, (i + 2) % 3}), axis);
  };
  const auto mul = [&](const Edge& a, const Edge& b) {
    return is_complex(a.dtype()) ? complex_binary(c, "Mul", a, b) : c.mul(a, b);
  };
  const Edge left = mul(part(x[0], 1), part(x[1], 2)), right = mul(part(x[0], 2), part(x[1], 1));
  return c.tensor(is_complex(left.dtype()) ? complex_binary(c, "Sub", left, right) : c.sub(left, right));
}
Edge identity(Call& c, const Edge& x) {
  const int64_t n = c.number(x, -1);
  bounded_square(n, "an identity");
  thane::Tensor one = must(thane::Tensor::allocate(DType::kFloat32, {n, n}));
  for (int64_t i = 0; i < n * n; ++i) one.data<float>()[i] = i % (n + 1) == 0;
  return c.cast(c.constant(std::move(one)), x.dtype());
}
Value matrix_power(Call& c) {
  Edge base = c.edge("self");
  int64_t n = c.integer("n");
  if (n == 0) return c.tensor(c.expand(identity(c, base), c.shape(base)));
  if (n < 0) {
    base = c.own("Inverse", {base});
    n = -n;
  }
  Edge y;
  for (; n > 0; n /= 2) {
    if (n % 2) y = y.present() ? product(c, y, base) : base;
    if (n > 1) base = product(c, base, base);
  }
  return c.tensor(y);
}
// Distances between all pairs of rows.
Value cdist(Call& c) {
  const Edge a = c.unsqueeze(c.edge("x1"), {-2}), b = c.unsqueeze(c.edge("x2"), {-3});
  const Edge difference = c.op("Abs", {c.sub(a, b)});
  const double p = c.real("p", 2);
  if (p == std::numeric_limits<double>::infinity()) return c.tensor(c.reduce("ReduceMax", difference, {-1}, false));
  if (p == 0) return c.tensor(c.sum(c.cast(c.to_bool(difference), difference.dtype()), {-1}));
  if (p == 1) return c.tensor(c.sum(difference, {-1}));
  if (p == 2) return c.tensor(c.reduce("ReduceL2", difference, {-1}, false));
  return c.tensor(
      c.op("Pow", {c.sum(c.op("Pow", {difference, c.like(p, difference)}), {-1}), c.like(1 / p, difference)}));
}
Value pdist(Call& c) {
  const Edge x = c.edge("self");
  const int64_t n = c.number(x, 0);
  bounded_square(n, "pairs");
  Dims i, j;
  for (int64_t a = 0; a < n; ++a) {
    for (int64_t b = a + 1; b < n; ++b) i.push_back(a), j.push_back(b);
  }
  const Edge difference = c.op("Abs", {c.sub(c.gather(x, c.int64s(i), 0), c.gather(x, c.int64s(j), 0))});
  const double p = c.real("p", 2);
  if (p == std::numeric_limits<double>::infinity()) return c.tensor(c.reduce("ReduceMax", difference, {-1}, false));
  if (p == 0) return c.tensor(c.sum(c.cast(c.to_bool(difference), difference.dtype()), {-1}));
  if (p == 2) return c.tensor(c.reduce("ReduceL2", difference, {-1}, false));
  return c.tensor(
      c.op("Pow", {c.sum(c.op("Pow", {difference, c.like(p, difference)}), {-1}), c.like(1 / p, difference)}));
}

constexpr Row kRows[] = {
    {"matmul", matmul},
    {"linalg_matmul", matmul},
    {"mm", matmul},
    {"bmm", matmul},
    {"mv", matmul},
    {"dot", matmul},
    {"vdot", vdot},
    {"linalg_vecdot", vecdot},
    {"outer", outer},
    {"ger", outer},
    {"inner", inner},
    {"addmm", addmm},
    {"addmv", addmv},
    {"baddbmm", baddbmm},
    {"addbmm", addbmm},
    {"addr", addr},
    {"linear", linear},
    {"bilinear", bilinear},
    {"einsum", einsum},
    {"tensordot", tensordot},
    {"chain_matmul", chain},
    {"linalg_multi_dot", chain},
    {"cross", cross},
    {"linalg_cross", cross},
    {"matrix_power", matrix_power},
    {"linalg_matrix_power", matrix_power},
    {"cdist", cdist},
    {"_cdist_forward", cdist},
    {"pdist", pdist},
};

}  // namespace
}  // namespace linear_ops

std::span<const Row> linear_rows() { return linear_ops::kRows; }

}  // namespace thane::aten
