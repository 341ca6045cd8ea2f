#include "formats/torch/aten/complex.h"

#include <numbers>

namespace thane::aten {

Parts split(const Ops& ops, const Edge& x) {
  if (!is_complex(x.dtype())) return {x, ops.mul(x, 0)};
  const Edge real = ops.own("ViewAsReal", {x});
  return {ops.select(real, -1, 0), ops.select(real, -1, 1)};
}

Edge join(const Ops& ops, const Parts& x) {
  Edge re = x.re, im = x.im;
  if (ops.dims(re) != ops.dims(im)) {
    re = ops.add(re, ops.mul(im, 0));
    im = ops.add(im, ops.mul(re, 0));
  }
  return ops.own("ViewAsComplex", {ops.concat({ops.unsqueeze(re, {-1}), ops.unsqueeze(im, {-1})}, -1)});
}

Parts add(const Ops& ops, const Parts& a, const Parts& b) { return {ops.add(a.re, b.re), ops.add(a.im, b.im)}; }
Parts sub(const Ops& ops, const Parts& a, const Parts& b) { return {ops.sub(a.re, b.re), ops.sub(a.im, b.im)}; }

Parts mul(const Ops& ops, const Parts& a, const Parts& b) {
  return {ops.sub(ops.mul(a.re, b.re), ops.mul(a.im, b.im)), ops.add(ops.mul(a.re, b.im), ops.mul(a.im, b.re))};
}

Parts div(const Ops& ops, const Parts& a, const Parts& b) {
  const Edge norm = ops.add(ops.square(b.re), ops.square(b.im));
  const Parts product = mul(ops, a, {b.re, ops.neg(b.im)});
  return {ops.div(product.re, norm), ops.div(product.im, norm)};
}

Parts exp(const Ops& ops, const Parts& x) {
  const Edge scale = ops.exp(x.re);
  return {ops.mul(scale, ops.unary("Cos", x.im)), ops.mul(scale, ops.unary("Sin", x.im))};
}

Edge absolute(const Ops& ops, const Parts& x) { return ops.own("Hypot", {x.re, x.im}); }
Edge angle(const Ops& ops, const Parts& x) { return ops.own("Atan2", {x.im, x.re}); }
Parts log(const Ops& ops, const Parts& x) { return {ops.log(absolute(ops, x)), angle(ops, x)}; }

// By half the angle, which stays exact on the axes.
Parts sqrt(const Ops& ops, const Parts& x) {
  const Edge size = absolute(ops, x);
  const Edge zero = ops.like(0, size);
  const Edge re = ops.sqrt(ops.max(ops.mul(ops.add(size, x.re), 0.5), zero));
  const Edge im = ops.sqrt(ops.max(ops.mul(ops.sub(size, x.re), 0.5), zero));
  return {re, ops.own("CopySign", {im, x.im})};
}

namespace complex_ops {
namespace {

using Function = Parts (*)(const Ops&, const Parts&);

Parts scaled(const Ops& ops, const Parts& x, double factor) { return {ops.mul(x.re, factor), ops.mul(x.im, factor)}; }
Parts times_i(const Ops& ops, const Parts& x) { return {ops.neg(x.im), x.re}; }
Parts over_i(const Ops& ops, const Parts& x) { return {x.im, ops.neg(x.re)}; }
Parts constant(const Ops& ops, double value, const Parts& like) {
  return {ops.like(value, like.re), ops.like(0, like.re)};
}

Parts sinh(const Ops& ops, const Parts& x) {
  return {ops.mul(ops.unary("Sinh", x.re), ops.unary("Cos", x.im)),
          ops.mul(ops.unary("Cosh", x.re), ops.unary("Sin", x.im))};
}
Parts cosh(const Ops& ops, const Parts& x) {
  return {ops.mul(ops.unary("Cosh", x.re), ops.unary("Cos", x.im)),
          ops.mul(ops.unary("Sinh", x.re), ops.unary("Sin", x.im))};
}
// tanh(a + bi) = (sinh 2a + i sin 2b) / (cosh 2a + cos 2b), with |a| bounded where it no longer matters.
Parts tanh(const Ops& ops, const Parts& x) {
  const Edge bounded = ops.min(ops.max(x.re, ops.like(-20, x.re)), ops.like(20, x.re));
  const Edge a = ops.mul(bounded, 2), b = ops.mul(x.im, 2);
  const Edge below = ops.add(ops.unary("Cosh", a), ops.unary("Cos", b));
  return {ops.div(ops.unary("Sinh", a), below), ops.div(ops.unary("Sin", b), below)};
}
Parts sin(const Ops& ops, const Parts& x) { return over_i(ops, sinh(ops, times_i(ops, x))); }
Parts cos(const Ops& ops, const Parts& x) { return cosh(ops, times_i(ops, x)); }
Parts tan(const Ops& ops, const Parts& x) { return over_i(ops, tanh(ops, times_i(ops, x))); }
Parts reciprocal(const Ops& ops, const Parts& x) { return div(ops, constant(ops, 1, x), x); }
Parts negative(const Ops& ops, const Parts& x) { return {ops.neg(x.re), ops.neg(x.im)}; }
Parts sigmoid(const Ops& ops, const Parts& x) {
  return reciprocal(ops, add(ops, constant(ops, 1, x), exp(ops, negative(ops, x))));
}
Parts sign(const Ops& ops, const Parts& x) {
  const Edge size = absolute(ops, x);
  const Edge divisor = ops.where(ops.equal(size, ops.like(0, size)), ops.like(1, size), size);
  return {ops.div(x.re, divisor), ops.div(x.im, divisor)};
}
Parts square(const Ops& ops, const Parts& x) { return mul(ops, x, x); }
Parts one_minus_square(const Ops& ops, const Parts& x, double sign) {
  return add(ops, constant(ops, 1, x), scaled(ops, square(ops, x), sign));
}
// log(x + √(x² + 1)), through the side that does not cancel
Parts asinh(const Ops& ops, const Parts& x) {
  const Edge negative_side = ops.less(x.re, ops.like(0, x.re));
  const Edge side = ops.where(negative_side, ops.like(-1, x.re), ops.like(1, x.re));
  const Parts positive = {ops.mul(x.re, side), ops.mul(x.im, side)};
  const Parts result = log(ops, add(ops, positive, sqrt(ops, one_minus_square(ops, positive, 1))));
  return {ops.mul(result.re, side), ops.mul(result.im, side)};
}
Parts asin(const Ops& ops, const Parts& x) { return over_i(ops, asinh(ops, times_i(ops, x))); }
Parts acos(const Ops& ops, const Parts& x) {
  const Parts s = asin(ops, x);
  return {ops.sub(std::numbers::pi / 2, s.re), ops.neg(s.im)};
}
Parts acosh(const Ops& ops, const Parts& x) {
  const Parts one = constant(ops, 1, x);
  return log(ops, add(ops, x, mul(ops, sqrt(ops, add(ops, x, one)), sqrt(ops, sub(ops, x, one)))));
}
// ½ (log(1 + x) − log(1 − x))
Parts atanh(const Ops& ops, const Parts& x) {
  const Parts one = constant(ops, 1, x);
  return scaled(ops, sub(ops, log(ops, add(ops, one, x)), log(ops, sub(ops, one, x))), 0.5);
}
Parts atan(const Ops& ops, const Parts& x) { return over_i(ops, atanh(ops, times_i(ops, x))); }
Parts log2(const Ops& ops, const Parts& x) { return scaled(ops, log(ops, x), 1 / std::numbers::ln2); }
Parts log10(const Ops& ops, const Parts& x) { return scaled(ops, log(ops, x), 1 / std::numbers::ln10); }
Parts log1p(const Ops& ops, const Parts& x) { return log(ops, add(ops, constant(ops, 1, x), x)); }
Parts expm1(const Ops& ops, const Parts& x) { return sub(ops, exp(ops, x), constant(ops, 1, x)); }
Parts exp2(const Ops& ops, const Parts& x) { return exp(ops, scaled(ops, x, std::numbers::ln2)); }
Parts rsqrt(const Ops& ops, const Parts& x) { return reciprocal(ops, sqrt(ops, x)); }
Parts conjugate(const Ops& ops, const Parts& x) { return {x.re, ops.neg(x.im)}; }

struct UnaryRow {
  std::string_view name;
  Function function;
};
constexpr UnaryRow kUnary[] = {
    {"Acos", acos},      {"Acosh", acosh},     {"Asin", asin},
    {"Asinh", asinh},    {"Atan", atan},       {"Atanh", atanh},
    {"Conj", conjugate}, {"Cos", cos},         {"Cosh", cosh},
    {"Exp", exp},        {"Exp2", exp2},       {"Expm1", expm1},
    {"Log", log},        {"Log10", log10},     {"Log1p", log1p},
    {"Log2", log2},      {"Neg", negative},    {"Reciprocal", reciprocal},
    {"Rsqrt", rsqrt},    {"Sigmoid", sigmoid}, {"Sign", sign},
    {"Sin", sin},        {"Sinh", sinh},       {"Sqrt", sqrt},
    {"Square", square},  {"Tan", tan},         {"Tanh", tanh},
};

}  // namespace
}  // namespace complex_ops

Edge complex_unary(const Ops& ops, std::string_view name, const Edge& x) {
  for (const complex_ops::UnaryRow& row : complex_ops::kUnary) {
    if (row.name == name) return join(ops, row.function(ops, split(ops, x)));
  }
  fail(unsupported(format("{} of complex numbers", name)));
}

Edge complex_binary(const Ops& ops, std::string_view name, const Edge& a, const Edge& b) {
  const Parts x = split(ops, a), y = split(ops, b);
  if (name == "Add") return join(ops, add(ops, x, y));
  if (name == "Sub") return join(ops, sub(ops, x, y));
  if (name == "Mul") return join(ops, mul(ops, x, y));
  if (name == "Div") return join(ops, div(ops, x, y));
  if (name == "Pow") return join(ops, exp(ops, mul(ops, y, log(ops, x))));
  fail(unsupported(format("{} of complex numbers", name)));
}

Edge complex_matmul(const Ops& ops, const Edge& a, const Edge& b) {
  const Parts x = split(ops, a), y = split(ops, b);
  return join(ops, {ops.sub(ops.matmul(x.re, y.re), ops.matmul(x.im, y.im)),
                    ops.add(ops.matmul(x.re, y.im), ops.matmul(x.im, y.re))});
}

namespace complex_ops {
namespace {

Value view_as_real(Call& c) {
  return c.view(
      c.box("self"),
      [](Context& context, const Edge& x) { return guarded([&] { return Ops(context).own("ViewAsReal", {x}); }); },
      [](Context& context, const Edge&, const Edge& changed) {
        return guarded([&] { return Ops(context).own("ViewAsComplex", {changed}); });
      });
}
Value view_as_complex(Call& c) {
  return c.view(
      c.box("self"),
      [](Context& context, const Edge& x) { return guarded([&] { return Ops(context).own("ViewAsComplex", {x}); }); },
      [](Context& context, const Edge&, const Edge& changed) {
        return guarded([&] { return Ops(context).own("ViewAsReal", {changed}); });
      });
}
template <bool kImaginary>
Value part(Call& c) {
  const Edge x = c.edge("self");
  if (!is_complex(x.dtype())) {
    if (kImaginary) c.refuse("the imaginary part of real numbers");
    return c["self"];
  }
  return c.view(
      c.box("self"),
      [](Context& context, const Edge& x) {
        return guarded([&] {
          const Parts parts = split(Ops(context), x);
          return kImaginary ? parts.im : parts.re;
        });
      },
      [](Context& context, const Edge& x, const Edge& changed) {
        return guarded([&] {
          const Ops ops(context);
          const Parts parts = split(ops, x);
          return join(ops, kImaginary ? Parts{parts.re, changed} : Parts{changed, parts.im});
        });
      });
}
Value conj(Call& c) {
  const Edge x = c.edge("self");
  if (!is_complex(x.dtype())) return c["self"];
  return c.tensor(complex_unary(c, "Conj", x));
}
Value same(Call& c) { return c["self"]; }
Value make_complex(Call& c) { return c.tensor(join(c, {c.edge("real"), c.edge("imag")})); }
Value polar(Call& c) {
  const Edge size = c.edge("abs"), angle = c.edge("angle");
  return c.tensor(join(c, {c.mul(size, c.unary("Cos", angle)), c.mul(size, c.unary("Sin", angle))}));
}
Value angle_of(Call& c) {
  const Edge x = c.floating("self");
  if (is_complex(x.dtype())) return c.tensor(angle(c, split(c, x)));
  const Edge zero = c.like(0, x);
  const Edge result = c.where(c.less(x, zero), c.like(std::numbers::pi, x), zero);
  return c.tensor(c.where(c.op("IsNaN", {x}), x, result));
}
Value is_complex_tensor(Call& c) { return is_complex(c.dtype("self")); }
Value isreal(Call& c) {
  const Edge x = c.edge("self");
  if (is_complex(x.dtype())) {
    const Parts parts = split(c, x);
    return c.tensor(c.equal(parts.im, c.like(0, parts.im)));
  }
  return c.tensor(c.full(c.shape(x), 1, DType::kBool));
}

constexpr Row kRows[] = {
    {"view_as_real", view_as_real},
    {"view_as_complex", view_as_complex},
    {"real", part<false>},
    {"imag", part<true>},
    {"conj", conj},
    {"_conj", conj},
    {"conj_physical", conj},
    {"_conj_physical", conj},
    {"resolve_conj", same},
    {"resolve_neg", same},
    {"complex", make_complex},
    {"polar", polar},
    {"angle", angle_of},
    {"is_complex", is_complex_tensor},
    {"isreal", isreal},
};

}  // namespace
}  // namespace complex_ops

std::span<const Row> complex_rows() { return complex_ops::kRows; }

}  // namespace thane::aten
