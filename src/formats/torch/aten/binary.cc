// Functions of two variables, element by element, with broadcasting and promotion.
#include <cmath>
#include <limits>

#include "formats/torch/aten/complex.h"
#include "formats/torch/aten/fixed_name.h"

namespace thane::aten {
namespace binary_ops {
namespace {

Edge combine(Call& c, std::string_view name, const Edge& a, const Edge& b) {
  if (is_complex(a.dtype())) return complex_binary(c, name, a, b);
  if (name == "Add") return c.add(a, b);
  if (name == "Sub") return c.sub(a, b);
  if (name == "Mul") return c.mul(a, b);
  return c.op(name, {a, b});
}

// self ± alpha · other
Edge add_scaled(Call& c, std::string_view name, const Edge& a, const Edge& b) {
  const Value& alpha = c["alpha"];
  const bool one =
      (alpha.is_int() && alpha.integer() == 1) || (alpha.is_float() && alpha.real() == 1) || alpha.is_none();
  return combine(c, name, a, one ? b : combine(c, "Mul", b, c.number_of(alpha, b.dtype())));
}
Value add(Call& c) {
  const auto x = c.promoted({"self", "other"});
  return c.tensor(add_scaled(c, "Add", x[0], x[1]));
}
Value subtract(Call& c) {
  const auto x = c.promoted({"self", "other"});
  return c.tensor(add_scaled(c, "Sub", x[0], x[1]));
}
Value rsub(Call& c) {
  const auto x = c.promoted({"other", "self"});
  return c.tensor(add_scaled(c, "Sub", x[0], x[1]));
}
Value multiply(Call& c) {
  const auto x = c.promoted({"self", "other"});
  return c.tensor(combine(c, "Mul", x[0], x[1]));
}

// floor(a / b), exact for integers, and for floats as Python does it: (a − a mod b) / b, rounded.
Edge floor_divide(Call& c, const Edge& a, const Edge& b) {
  if (!is_float(a.dtype())) {
    if (mask_of(a.dtype()) & kUnsignedInts) return c.div(a, b);
    const Edge quotient = c.div(a, b);
    const Edge remainder = c.sub(a, c.mul(quotient, b));
    const Edge zero = c.like(0, a);
    const Edge off = c.op("Xor", {c.less(remainder, zero), c.less(b, zero)});
    const Edge inexact = c.both(off, c.logical_not(c.equal(remainder, zero)));
    return c.sub(quotient, c.cast(inexact, a.dtype()));
  }
  const Edge zero = c.like(0, a);
  const Edge mod = c.op("Mod", {a, b}, {{"fmod", int64_t{1}}});
  Edge quotient = c.div(c.sub(a, mod), b);
  const Edge off = c.both(c.logical_not(c.equal(mod, zero)), c.op("Xor", {c.less(b, zero), c.less(mod, zero)}));
  quotient = c.where(off, c.sub(quotient, 1), quotient);
  Edge floored = c.op("Floor", {quotient});
  floored = c.where(c.less(c.like(0.5, a), c.sub(quotient, floored)), c.add(floored, 1), floored);
  const Edge exact = c.div(a, b);
  floored = c.where(c.equal(quotient, zero), c.own("CopySign", {zero, exact}), floored);
  return c.where(c.equal(b, zero), exact, floored);
}
Value divide(Call& c) {
  const std::string mode = c.text("rounding_mode");
  if (mode.empty()) {
    const auto x = c.promoted({"self", "other"}, true);
    return c.tensor(combine(c, "Div", x[0], x[1]));
  }
  const auto x = c.promoted({"self", "other"});
  if (mode == "floor") return c.tensor(floor_divide(c, x[0], x[1]));
  if (mode != "trunc") c.refuse(format("rounding_mode {}", mode));
  return c.tensor(is_float(x[0].dtype()) ? c.own("Trunc", {c.div(x[0], x[1])}) : c.div(x[0], x[1]));
}
Value floor_divide(Call& c) {
  const auto x = c.promoted({"self", "other"});
  return c.tensor(floor_divide(c, x[0], x[1]));
}
// The remainder with the divisor's sign, and with the dividend's.
Value remainder(Call& c) {
  const auto x = c.promoted({"self", "other"});
  if (!is_float(x[0].dtype())) return c.tensor(c.op("Mod", {x[0], x[1]}));
  const Edge zero = c.like(0, x[0]);
  const Edge mod = c.op("Mod", {x[0], x[1]}, {{"fmod", int64_t{1}}});
  const Edge off = c.both(c.logical_not(c.equal(mod, zero)), c.op("Xor", {c.less(x[1], zero), c.less(mod, zero)}));
  return c.tensor(c.where(off, c.add(mod, x[1]), mod));
}
Value fmod(Call& c) {
  const auto x = c.promoted({"self", "other"});
  return c.tensor(c.op("Mod", {x[0], x[1]}, {{"fmod", int64_t{1}}}));
}

Value power(Call& c) {
  auto x = c.promoted({"self", "exponent"});
  if (is_complex(x[0].dtype())) return c.tensor(complex_binary(c, "Pow", x[0], x[1]));
  const Value& exponent = c["exponent"];
  if (exponent.is_int() && exponent.integer() == 2 && x[0].dtype() != DType::kBool) return c.tensor(c.square(x[0]));
  if (x[0].dtype() == DType::kBool) {  // false only for 0 ** 1
    return c.tensor(c.either(x[0], c.logical_not(x[1])));
  }
  return c.tensor(c.op("Pow", {x[0], x[1]}));
}
Value float_power(Call& c) {
  const auto wide = [&](std::string_view name) {
    const Edge x = c.edge(name);
    return c.cast(x, is_complex(x.dtype()) ? DType::kComplex128 : DType::kFloat64);
  };
  Edge a = wide("self"), b = wide("exponent");
  if (is_complex(a.dtype()) || is_complex(b.dtype())) {
    return c.tensor(complex_binary(c, "Pow", c.cast(a, DType::kComplex128), c.cast(b, DType::kComplex128)));
  }
  return c.tensor(c.op("Pow", {a, b}));
}

template <bool kMax>
Edge extreme(const Ops& ops, const Edge& a, const Edge& b) {
  return kMax ? ops.max(a, b) : ops.min(a, b);
}
template <bool kMax>
Value extreme(Call& c) {
  const auto x = c.promoted({"self", "other"});
  return c.tensor(extreme<kMax>(c, x[0], x[1]));
}
// Ignores NaN where the other is a number.
template <bool kMax>
Value number_extreme(Call& c) {
  const auto x = c.promoted({"self", "other"});
  const Edge both = extreme<kMax>(c, x[0], x[1]);
  if (!is_float(x[0].dtype())) return c.tensor(both);
  const Edge zero = c.mul(both, 0);  // both's shape; NaN where it is
  const Edge a = c.where(c.op("IsNaN", {x[0]}), x[1], both);
  const Edge b = c.where(c.op("IsNaN", {x[1]}), x[0], a);
  (void)zero;
  return c.tensor(b);
}

template <Name kOp>
Value own_float(Call& c) {
  const auto x = c.promoted({"self", "other"}, true);
  return c.tensor(c.own(kOp, {x[0], x[1]}));
}
template <Name kOp>
Value own_same(Call& c) {
  const auto x = c.promoted({"self", "other"});
  return c.tensor(c.own(kOp, {x[0], x[1]}));
}
Value ldexp(Call& c) {
  const auto x = c.promoted({"self", "other"}, true);
  return c.tensor(c.mul(x[0], c.own("Exp2", {x[1]})));
}
// x · f(y), 0 where x is 0 and y no NaN
template <bool kPlusOne>
Value x_log_y(Call& c) {
  const auto x = c.promoted({"self", "other"}, true);
  const Edge logarithm = kPlusOne ? c.own("Log1p", {x[1]}) : c.log(x[1]);
  const Edge zero = c.equal(x[0], c.like(0, x[0]));
  const Edge value = c.where(zero, c.like(0, x[0]), c.mul(x[0], logarithm));
  return c.tensor(c.where(c.op("IsNaN", {x[1]}), x[1], value));
}
Value heaviside(Call& c) {
  const Edge x = c.edge("self"), values = c.cast(c.edge("values"), x.dtype());
  const Edge zero = c.like(0, x);
  const Edge step = c.cast(c.less(zero, x), x.dtype());
  return c.tensor(c.where(c.equal(x, zero), values, step));
}
// log(exp a + exp b), and by powers of two
template <bool kTwo>
Value log_add_exp(Call& c) {
  const auto x = c.promoted({"self", "other"}, true);
  const Edge high = c.max(x[0], x[1]), low = c.min(x[0], x[1]);
  const Edge same = c.equal(x[0], x[1]);  // two equal infinities
  const Edge difference = c.where(same, c.like(0, high), c.sub(low, high));
  const Edge tail =
      kTwo ? c.div(c.own("Log1p", {c.own("Exp2", {difference})}), std::log(2.0)) : c.own("Log1p", {c.exp(difference)});
  return c.tensor(c.add(high, tail));
}

template <Name kLogical, Name kBits>
Value bitwise(Call& c) {
  const auto x = c.promoted({"self", "other"});
  return c.tensor(x[0].dtype() == DType::kBool ? c.op(kLogical, {x[0], x[1]}) : c.op(kBits, {x[0], x[1]}));
}
// Shifts by as many bits as the type has, or by a negative count, lose everything.
template <bool kLeft>
Value shift(Call& c) {
  const auto x = c.promoted({"self", "other"});
  if (is_float(x[0].dtype())) {
    const Edge factor = c.op("Pow", {c.like(2, x[0]), x[1]});
    return c.tensor(kLeft ? c.mul(x[0], factor) : c.div(x[0], factor));
  }
  const int bits = dtype_bits(x[0].dtype());
  const Edge zero = c.like(0, x[0]);
  const Edge in_range = c.both(c.less_equal(zero, x[1]), c.less(x[1], c.like(bits, x[1])));
  const Edge count = c.where(in_range, x[1], zero);
  const Edge factor = c.op("Pow", {c.like(2, x[0]), count});
  if (kLeft) return c.tensor(c.where(in_range, c.mul(x[0], factor), zero));
  const Edge lost = c.where(c.less(x[0], zero), c.like(-1, x[0]), zero);
  // Dividing by 2^(bits−1) overflows the divisor: that is lost too.
  const Edge huge = c.less_equal(c.like(bits - 1, x[1]), x[1]);
  const Edge safe = c.where(huge, c.like(1, factor), factor);
  return c.tensor(c.where(c.both(in_range, c.logical_not(huge)), floor_divide(c, x[0], safe), lost));
}

template <Name kOp>
Value logical(Call& c) {
  return c.tensor(c.op(kOp, {c.to_bool(c.edge("self")), c.to_bool(c.edge("other"))}));
}

// input + value · a · b, and a / b
template <bool kDivide>
Value add_combined(Call& c) {
  const auto x = c.promoted({"self", "tensor1", "tensor2"});
  Edge product = combine(c, kDivide ? "Div" : "Mul", x[1], x[2]);
  const Value& value = c["value"];
  if (!(value.is_int() && value.integer() == 1)) product = combine(c, "Mul", product, c.number_of(value, x[0].dtype()));
  return c.tensor(combine(c, "Add", x[0], product));
}
Value lerp(Call& c) {
  const Edge a = c.edge("self"), b = c.cast(c.edge("end"), a.dtype());
  const Edge weight =
      c.has("weight") && c["weight"].is_tensor() ? c.cast(c.edge("weight"), a.dtype()) : c.number("weight", a.dtype());
  return c.tensor(combine(c, "Add", a, combine(c, "Mul", weight, combine(c, "Sub", b, a))));
}

constexpr Row kRows[] = {
    {"add", add},
    {"sub", subtract},
    {"subtract", subtract},
    {"rsub", rsub},
    {"mul", multiply},
    {"multiply", multiply},
    {"div", divide},
    {"divide", divide},
    {"true_divide", divide},
    {"floor_divide", floor_divide},
    {"floordiv", floor_divide},
    {"remainder", remainder},
    {"fmod", fmod},
    {"pow", power},
    {"float_power", float_power},
    {"maximum", extreme<true>},
    {"minimum", extreme<false>},
    {"fmax", number_extreme<true>},
    {"fmin", number_extreme<false>},
    {"atan2", own_float<"Atan2">},
    {"arctan2", own_float<"Atan2">},
    {"hypot", own_float<"Hypot">},
    {"copysign", own_float<"CopySign">},
    {"nextafter", own_float<"NextAfter">},
    {"igamma", own_float<"Igamma">},
    {"special_gammainc", own_float<"Igamma">},
    {"igammac", own_float<"Igammac">},
    {"special_gammaincc", own_float<"Igammac">},
    {"special_zeta", own_float<"Zeta">},
    {"gcd", own_same<"Gcd">},
    {"lcm", own_same<"Lcm">},
    {"ldexp", ldexp},
    {"xlogy", x_log_y<false>},
    {"special_xlogy", x_log_y<false>},
    {"special_xlog1py", x_log_y<true>},
    {"heaviside", heaviside},
    {"logaddexp", log_add_exp<false>},
    {"logaddexp2", log_add_exp<true>},
    {"bitwise_and", bitwise<"And", "BitwiseAnd">},
    {"__and__", bitwise<"And", "BitwiseAnd">},
    {"__iand__", bitwise<"And", "BitwiseAnd">},
    {"bitwise_or", bitwise<"Or", "BitwiseOr">},
    {"__or__", bitwise<"Or", "BitwiseOr">},
    {"__ior__", bitwise<"Or", "BitwiseOr">},
    {"bitwise_xor", bitwise<"Xor", "BitwiseXor">},
    {"__xor__", bitwise<"Xor", "BitwiseXor">},
    {"__ixor__", bitwise<"Xor", "BitwiseXor">},
    {"bitwise_left_shift", shift<true>},
    {"__lshift__", shift<true>},
    {"bitwise_right_shift", shift<false>},
    {"__rshift__", shift<false>},
    {"logical_and", logical<"And">},
    {"logical_or", logical<"Or">},
    {"logical_xor", logical<"Xor">},
    {"addcmul", add_combined<false>},
    {"addcdiv", add_combined<true>},
    {"lerp", lerp},
};

}  // namespace
}  // namespace binary_ops

std::span<const Row> binary_rows() { return binary_ops::kRows; }

}  // namespace thane::aten
