// Functions of one variable, element by element.
#include <cmath>
#include <numbers>

#include "formats/torch/aten/complex.h"
#include "formats/torch/aten/fixed_name.h"

namespace thane::aten {
namespace unary_ops {
namespace {

// Of floats (integers become float) and complex numbers.
template <Name kOp>
Value floating(Call& c) {
  const Edge x = c.floating("self");
  return c.tensor(is_complex(x.dtype()) ? complex_unary(c, kOp, x) : c.op(kOp, {x}));
}
// The same with a node of thane's own.
template <Name kOp>
Value own(Call& c) {
  const Edge x = c.floating("self");
  return c.tensor(is_complex(x.dtype()) ? complex_unary(c, kOp, x) : c.own(kOp, {x}));
}
// Integers are left alone.
template <Name kOp>
Value rounding(Call& c) {
  const Edge x = c.edge("self");
  return c.tensor(is_float(x.dtype()) ? c.op(kOp, {x}) : c.op("Identity", {x}));
}
Value trunc(Call& c) {
  const Edge x = c.edge("self");
  return c.tensor(is_float(x.dtype()) ? c.own("Trunc", {x}) : c.op("Identity", {x}));
}
Value round(Call& c) {
  const Edge x = c.edge("self");
  const int64_t decimals = c.integer("decimals", 0);
  if (!is_float(x.dtype())) return c.tensor(c.op("Identity", {x}));
  if (decimals == 0) return c.tensor(c.op("Round", {x}));
  const double factor = std::pow(10.0, static_cast<double>(std::abs(decimals)));
  if (decimals > 0) return c.tensor(c.div(c.op("Round", {c.mul(x, factor)}), factor));
  return c.tensor(c.mul(c.op("Round", {c.div(x, factor)}), factor));
}
Value frac(Call& c) {
  const Edge x = c.edge("self");
  return c.tensor(c.sub(x, c.own("Trunc", {x})));
}
Value absolute_value(Call& c) {
  const Edge x = c.edge("self");
  if (is_complex(x.dtype())) return c.tensor(absolute(c, split(c, x)));
  return c.tensor(x.dtype() == DType::kBool ? c.op("Identity", {x}) : c.op("Abs", {x}));
}
Value negative(Call& c) {
  const Edge x = c.edge("self");
  if (is_complex(x.dtype())) return c.tensor(complex_unary(c, "Neg", x));
  if (mask_of(x.dtype()) & kUnsignedInts) return c.tensor(c.sub(c.like(0, x), x));
  return c.tensor(c.neg(x));
}
Value positive(Call& c) { return c["self"]; }
Value square(Call& c) {
  const Edge x = c.edge("self");
  if (is_complex(x.dtype())) return c.tensor(complex_unary(c, "Square", x));
  return c.tensor(x.dtype() == DType::kBool ? c.cast(x, DType::kInt64) : c.square(x));
}
Value sign(Call& c) {
  const Edge x = c.edge("self");
  if (is_complex(x.dtype())) return c.tensor(complex_unary(c, "Sign", x));
  if (x.dtype() == DType::kBool) return c.tensor(c.op("Identity", {x}));
  return c.tensor(c.op("Sign", {x}));
}
Value signbit(Call& c) {
  const Edge x = c.edge("self");
  if (x.dtype() == DType::kBool) return c.tensor(c.full(c.shape(x), 0, DType::kBool));
  if (!is_float(x.dtype())) return c.tensor(c.less(x, c.like(0, x)));
  const Edge sign = c.own("CopySign", {c.like(1, x), x});
  return c.tensor(c.less(sign, c.like(0, x)));
}
Value bitwise_not(Call& c) {
  const Edge x = c.edge("self");
  return c.tensor(x.dtype() == DType::kBool ? c.logical_not(x) : c.op("BitwiseNot", {x}));
}
Value logical_not(Call& c) { return c.tensor(c.logical_not(c.to_bool(c.edge("self")))); }

// --- tests for special values

// Of floats; integers never are.
template <Name kOp>
Edge test(Call& c, const Edge& x, AttrMap attrs = {}) {
  if (!is_float(x.dtype())) return c.full(c.shape(x), 0, DType::kBool);
  return c.op(kOp, {x}, std::move(attrs));
}
// Of complex numbers: when either part is.
template <Name kOp>
Value test_any(Call& c) {
  const Edge x = c.edge("self");
  if (!is_complex(x.dtype())) return c.tensor(test<kOp>(c, x));
  const Parts parts = split(c, x);
  return c.tensor(c.either(test<kOp>(c, parts.re), test<kOp>(c, parts.im)));
}
Edge finite(Call& c, const Edge& x) { return c.logical_not(c.either(test<"IsNaN">(c, x), test<"IsInf">(c, x))); }
Value isfinite(Call& c) {
  const Edge x = c.edge("self");
  if (!is_complex(x.dtype())) return c.tensor(finite(c, x));
  const Parts parts = split(c, x);
  return c.tensor(c.both(finite(c, parts.re), finite(c, parts.im)));
}
template <bool kPositive>
Value one_sided_infinity(Call& c) {
  return c.tensor(test<"IsInf">(c, c.edge("self"),
                                {{"detect_positive", int64_t{kPositive}}, {"detect_negative", int64_t{!kPositive}}}));
}
Value nan_to_num(Call& c) {
  const Edge x = c.edge("self");
  if (!is_float(x.dtype())) return c.tensor(c.op("Identity", {x}));
  const auto limit = [&] {
    switch (x.dtype()) {
      case DType::kFloat64: return std::numeric_limits<double>::max();
      case DType::kFloat16: return 65504.0;
      case DType::kBFloat16: return 3.3895313892515355e38;
      default: return static_cast<double>(std::numeric_limits<float>::max());
    }
  }();
  const Edge high = c.like(c.real("posinf", limit), x), low = c.like(c.real("neginf", -limit), x);
  const Edge infinite = c.op("IsInf", {x});
  const Edge bounded = c.where(infinite, c.where(c.less(x, c.like(0, x)), low, high), x);
  return c.tensor(c.where(c.op("IsNaN", {x}), c.like(c.real("nan", 0), x), bounded));
}

// --- composed of others

Value deg2rad(Call& c) { return c.tensor(c.mul(c.floating("self"), std::numbers::pi / 180)); }
Value rad2deg(Call& c) { return c.tensor(c.mul(c.floating("self"), 180 / std::numbers::pi)); }
Value logit(Call& c) {
  Edge x = c.floating("self");
  if (c.has("eps")) {
    const double eps = c.real("eps");
    x = c.op("Clip", {x, c.like(eps, x), c.like(1 - eps, x)});
  }
  return c.tensor(c.log(c.div(x, c.sub(1, x))));
}
Value sinc(Call& c) {
  const Edge x = c.mul(c.floating("self"), std::numbers::pi);
  const Edge zero = c.equal(x, c.like(0, x));
  const Edge safe = c.where(zero, c.like(1, x), x);
  return c.tensor(c.where(zero, c.like(1, x), c.div(c.unary("Sin", safe), safe)));
}
Value entr(Call& c) {
  const Edge x = c.floating("self");
  const Edge positive = c.less(c.like(0, x), x);
  const Edge safe = c.where(positive, x, c.like(1, x));
  const Edge outside = c.where(c.equal(x, c.like(0, x)), x, c.like(-std::numeric_limits<double>::infinity(), x));
  const Edge value = c.where(positive, c.neg(c.mul(x, c.log(safe))), outside);
  return c.tensor(c.where(c.op("IsNaN", {x}), x, value));
}
Value ndtr(Call& c) {
  const Edge x = c.floating("self");
  return c.tensor(c.mul(c.own("Erfc", {c.mul(x, -std::numbers::sqrt2 / 2)}), 0.5));
}
Value mvlgamma(Call& c) {
  const Edge x = c.floating("self");
  const int64_t p = c.integer("p");
  const auto pd = static_cast<double>(p);
  Edge sum = c.own("Lgamma", {x});
  for (int64_t i = 1; i < p && i < 1000; ++i) sum = c.add(sum, c.own("Lgamma", {c.sub(x, static_cast<double>(i) / 2)}));
  return c.tensor(c.add(sum, std::log(std::numbers::pi) * pd * (pd - 1) / 4));
}
// (−1)ⁿ⁺¹ n! ζ(n + 1, x)
Value polygamma(Call& c) {
  const Edge x = c.floating("self");
  const auto n = static_cast<double>(c.integer("n"));
  if (n == 0) return c.tensor(c.own("Digamma", {x}));
  const double factor = std::tgamma(n + 1) * (std::fmod(n, 2) == 0 ? -1 : 1);
  return c.tensor(c.mul(c.own("Zeta", {c.like(n + 1, x), x}), factor));
}

// x = mantissa · 2^exponent with a mantissa of ½ to 1.
Value frexp(Call& c) {
  const Edge x = c.edge("self");
  const Edge size = c.op("Abs", {x}), zero = c.like(0, x);
  const Edge plain = c.both(c.less(zero, size), c.less(size, c.like(std::numeric_limits<double>::infinity(), x)));
  const Edge safe = c.where(plain, x, c.like(1, x));
  Edge e = c.add(c.op("Floor", {c.own("Log2", {c.op("Abs", {safe})})}), 1);
  Edge m = c.mul(c.mul(safe, 0.5), c.own("Exp2", {c.sub(1, e)}));
  // The logarithm may be off by one near powers of two.
  const Edge large = c.less_equal(c.like(1, x), c.op("Abs", {m})), small = c.less(c.op("Abs", {m}), c.like(0.5, x));
  e = c.where(large, c.add(e, 1), c.where(small, c.sub(e, 1), e));
  m = c.where(large, c.mul(m, 0.5), c.where(small, c.mul(m, 2), m));
  return c.results(c.where(plain, m, x), c.cast(c.where(plain, e, zero), DType::kInt32));
}

// sin x / x
Value spherical_bessel(Call& c) {
  const Edge x = c.floating(c.declares("self") ? "self" : "x");
  const Edge zero = c.equal(x, c.like(0, x)), safe = c.where(zero, c.like(1, x), x);
  return c.tensor(c.where(zero, c.like(1, x), c.div(c.unary("Sin", safe), safe)));
}

constexpr Row kRows[] = {
    {"special_spherical_bessel_j0", spherical_bessel},
    {"frexp", frexp},
    {"acos", floating<"Acos">},
    {"arccos", floating<"Acos">},
    {"acosh", floating<"Acosh">},
    {"arccosh", floating<"Acosh">},
    {"asin", floating<"Asin">},
    {"arcsin", floating<"Asin">},
    {"asinh", floating<"Asinh">},
    {"arcsinh", floating<"Asinh">},
    {"atan", floating<"Atan">},
    {"arctan", floating<"Atan">},
    {"atanh", floating<"Atanh">},
    {"arctanh", floating<"Atanh">},
    {"cos", floating<"Cos">},
    {"cosh", floating<"Cosh">},
    {"sin", floating<"Sin">},
    {"sinh", floating<"Sinh">},
    {"tan", floating<"Tan">},
    {"tanh", floating<"Tanh">},
    {"exp", floating<"Exp">},
    {"log", floating<"Log">},
    {"sqrt", floating<"Sqrt">},
    {"erf", floating<"Erf">},
    {"special_erf", floating<"Erf">},
    {"sigmoid", floating<"Sigmoid">},
    {"special_expit", floating<"Sigmoid">},
    {"reciprocal", floating<"Reciprocal">},
    {"exp2", own<"Exp2">},
    {"special_exp2", own<"Exp2">},
    {"expm1", own<"Expm1">},
    {"special_expm1", own<"Expm1">},
    {"log2", own<"Log2">},
    {"log10", own<"Log10">},
    {"log1p", own<"Log1p">},
    {"special_log1p", own<"Log1p">},
    {"rsqrt", own<"Rsqrt">},
    {"erfc", own<"Erfc">},
    {"special_erfc", own<"Erfc">},
    {"special_erfcx", own<"Erfcx">},
    {"erfinv", own<"ErfInv">},
    {"special_erfinv", own<"ErfInv">},
    {"lgamma", own<"Lgamma">},
    {"special_gammaln", own<"Lgamma">},
    {"digamma", own<"Digamma">},
    {"special_digamma", own<"Digamma">},
    {"special_psi", own<"Digamma">},
    {"i0", own<"I0">},
    {"special_i0", own<"I0">},
    {"special_modified_bessel_i0", own<"I0">},
    {"special_modified_bessel_i1", own<"I1">},
    {"special_bessel_j0", own<"BesselJ0">},
    {"special_bessel_j1", own<"BesselJ1">},
    {"special_bessel_y0", own<"BesselY0">},
    {"special_bessel_y1", own<"BesselY1">},
    {"special_i0e", own<"I0e">},
    {"special_i1", own<"I1">},
    {"special_i1e", own<"I1e">},
    {"special_log_ndtr", own<"LogNdtr">},
    {"special_ndtri", own<"NdtrI">},
    {"ceil", rounding<"Ceil">},
    {"floor", rounding<"Floor">},
    {"trunc", trunc},
    {"fix", trunc},
    {"round", round},
    {"special_round", round},
    {"frac", frac},
    {"abs", absolute_value},
    {"absolute", absolute_value},
    {"neg", negative},
    {"negative", negative},
    {"positive", positive},
    {"square", square},
    {"sign", sign},
    {"sgn", sign},
    {"signbit", signbit},
    {"bitwise_not", bitwise_not},
    {"logical_not", logical_not},
    {"isnan", test_any<"IsNaN">},
    {"isinf", test_any<"IsInf">},
    {"isfinite", isfinite},
    {"isposinf", one_sided_infinity<true>},
    {"isneginf", one_sided_infinity<false>},
    {"nan_to_num", nan_to_num},
    {"deg2rad", deg2rad},
    {"rad2deg", rad2deg},
    {"logit", logit},
    {"special_logit", logit},
    {"sinc", sinc},
    {"special_sinc", sinc},
    {"special_entr", entr},
    {"special_ndtr", ndtr},
    {"mvlgamma", mvlgamma},
    {"special_multigammaln", mvlgamma},
    {"polygamma", polygamma},
    {"special_polygamma", polygamma},
};

}  // namespace
}  // namespace unary_ops

std::span<const Row> unary_rows() { return unary_ops::kRows; }

}  // namespace thane::aten
