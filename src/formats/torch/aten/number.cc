// Arithmetic on Python's numbers. What is known is computed here; what depends on data becomes nodes on scalars.
#include <cmath>
#include <numeric>

#include "base/checked.h"
#include "formats/torch/aten/fixed_name.h"
#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace number_ops {
namespace {

const Value& first(Call& c) {
  for (const std::string_view name : {"a", "self", "x"}) {
    if (c.declares(name)) return c[name];
  }
  return c["i"];
}
const Value& second(Call& c) {
  for (const std::string_view name : {"b", "other", "y"}) {
    if (c.declares(name)) return c[name];
  }
  return c["exponent"];
}
bool known(const Value& value) { return value.is_number(); }
bool is_real(const Value& value) {
  return value.is_float() || (value.is_symbol() && value.symbol().dtype() == DType::kFloat64);
}
double real(const Value& value) {
  if (value.is_float()) return value.real();
  if (value.is_bool()) return value.boolean();
  return static_cast<double>(value.integer());
}
int64_t integer(const Value& value) {
  if (value.is_bool()) return value.boolean();
  if (value.is_int()) return value.integer();
  fail(invalid_model(format("a {}", value.kind())).expecting("an int"));
}
std::complex<double> complex(const Value& value) { return value.is_complex() ? value.complex() : real(value); }
int64_t fits(std::optional<int64_t> value) {
  if (!value) fail(invalid_model("an integer beyond 64 bits"));
  return *value;
}
// Both as edges of their common type.
std::pair<Edge, Edge> symbols(Call& c, bool as_float = false) {
  const DType dtype = as_float || is_real(first(c)) || is_real(second(c)) ? DType::kFloat64 : DType::kInt64;
  return {c.number_of(first(c), dtype), c.number_of(second(c), dtype)};
}
bool both_known(Call& c) { return known(first(c)) && known(second(c)); }
bool any_real(Call& c) { return is_real(first(c)) || is_real(second(c)); }
bool any_complex(Call& c) { return first(c).is_complex() || second(c).is_complex(); }

Value floored_division(int64_t a, int64_t b) {
  if (b == 0) fail(invalid_model("integer division by zero"));
  if (b == -1) return fits(checked_sub(0, a));
  return a / b - ((a % b != 0) && ((a < 0) != (b < 0)));
}
int64_t floored_remainder(int64_t a, int64_t b) {
  if (b == 0) fail(invalid_model("integer division by zero"));
  if (b == -1) return 0;
  const int64_t r = a % b;
  return r != 0 && ((r < 0) != (b < 0)) ? r + b : r;
}

Value add(Call& c) {
  if (!both_known(c)) return c.context.scalar(std::apply([&](auto a, auto b) { return c.add(a, b); }, symbols(c)));
  if (any_complex(c)) return complex(first(c)) + complex(second(c));
  if (any_real(c)) return real(first(c)) + real(second(c));
  return fits(checked_add(integer(first(c)), integer(second(c))));
}
Value subtract(Call& c) {
  if (!both_known(c)) return c.context.scalar(std::apply([&](auto a, auto b) { return c.sub(a, b); }, symbols(c)));
  if (any_complex(c)) return complex(first(c)) - complex(second(c));
  if (any_real(c)) return real(first(c)) - real(second(c));
  return fits(checked_sub(integer(first(c)), integer(second(c))));
}
Value multiply(Call& c) {
  if (!both_known(c)) return c.context.scalar(std::apply([&](auto a, auto b) { return c.mul(a, b); }, symbols(c)));
  if (any_complex(c)) return complex(first(c)) * complex(second(c));
  if (any_real(c)) return real(first(c)) * real(second(c));
  return fits(checked_mul(integer(first(c)), integer(second(c))));
}
Value divide(Call& c) {
  if (!both_known(c)) {
    return c.context.scalar(std::apply([&](auto a, auto b) { return c.div(a, b); }, symbols(c, true)));
  }
  if (any_complex(c)) return complex(first(c)) / complex(second(c));
  if (real(second(c)) == 0) fail(invalid_model("division by zero"));
  return real(first(c)) / real(second(c));
}
Value floor_divide(Call& c) {
  if (!both_known(c)) {
    const auto [a, b] = symbols(c);
    const Edge wide = c.div(c.cast(a, DType::kFloat64), c.cast(b, DType::kFloat64));
    const Edge floored = c.op("Floor", {wide});
    // Sizes are below 2^53, where this is exact.
    if (a.dtype() == DType::kFloat64) return c.context.scalar(floored);
    const bool positive = b.known() && b.known()->as_int64(0) > 0;
    return c.context.scalar(positive && a.fact().dim_values ? c.div(a, b) : c.cast(floored, DType::kInt64));
  }
  if (any_real(c)) return std::floor(real(first(c)) / real(second(c)));
  return floored_division(integer(first(c)), integer(second(c)));
}
Value remainder(Call& c) {
  if (!both_known(c)) {
    const auto [a, b] = symbols(c);
    if (a.dtype() == DType::kInt64) return c.context.scalar(c.op("Mod", {a, b}));
    const Edge quotient = c.op("Floor", {c.div(a, b)});
    return c.context.scalar(c.sub(a, c.mul(quotient, b)));
  }
  if (any_real(c)) {
    const double a = real(first(c)), b = real(second(c)), r = std::fmod(a, b);
    return r != 0 && ((r < 0) != (b < 0)) ? r + b : r;
  }
  return floored_remainder(integer(first(c)), integer(second(c)));
}
Value power(Call& c) {
  if (!both_known(c)) {
    const auto [a, b] = symbols(c);
    return c.context.scalar(c.op("Pow", {a, b}));
  }
  if (any_complex(c)) return std::pow(complex(first(c)), complex(second(c)));
  if (!any_real(c) && integer(second(c)) >= 0) {
    int64_t base = integer(first(c)), exponent = integer(second(c)), result = 1;
    if (exponent > 64 && base != 0 && base != 1 && base != -1) fail(invalid_model("an integer beyond 64 bits"));
    if (exponent > 64) exponent = 64 + exponent % 2;
    for (; exponent > 0; --exponent) result = fits(checked_mul(result, base));
    return result;
  }
  return std::pow(real(first(c)), real(second(c)));
}

template <class Compare, Name kOp>
Value compare(Call& c) {
  if (!both_known(c)) {
    if (first(c).is_string() && second(c).is_string()) return Compare{}(first(c).string(), second(c).string());
    if (first(c).is_string() || second(c).is_string()) c.refuse("comparing strings with numbers");
    const auto [a, b] = symbols(c);
    return c.context.scalar(c.op(kOp, {a, b}));
  }
  if (any_real(c)) return Compare{}(real(first(c)), real(second(c)));
  return Compare{}(integer(first(c)), integer(second(c)));
}
template <bool kEqual>
Value equal(Call& c) {
  if (first(c).is_string() && second(c).is_string()) return (first(c).string() == second(c).string()) == kEqual;
  if (!both_known(c)) {
    const auto [a, b] = symbols(c);
    const Edge same = c.equal(a, b);
    return c.context.scalar(kEqual ? same : c.logical_not(same));
  }
  if (any_complex(c)) return (complex(first(c)) == complex(second(c))) == kEqual;
  if (any_real(c)) return (real(first(c)) == real(second(c))) == kEqual;
  return (integer(first(c)) == integer(second(c))) == kEqual;
}
template <bool kMax>
Value extreme(Call& c) {
  if (!both_known(c)) {
    const auto [a, b] = symbols(c);
    return c.context.scalar(kMax ? c.max(a, b) : c.min(a, b));
  }
  if (any_real(c)) return kMax ? std::max(real(first(c)), real(second(c))) : std::min(real(first(c)), real(second(c)));
  return kMax ? std::max(integer(first(c)), integer(second(c))) : std::min(integer(first(c)), integer(second(c)));
}

enum class Logic { kAnd, kOr, kXor };
template <Logic kLogic>
Value logic(Call& c) {
  const Value &a = first(c), &b = second(c);
  if (known(a) && known(b)) {
    if (a.is_bool() && b.is_bool()) {
      if (kLogic == Logic::kAnd) return a.boolean() && b.boolean();
      return kLogic == Logic::kOr ? a.boolean() || b.boolean() : a.boolean() != b.boolean();
    }
    if (kLogic == Logic::kAnd) return integer(a) & integer(b);
    return kLogic == Logic::kOr ? integer(a) | integer(b) : integer(a) ^ integer(b);
  }
  const Edge x = c.number_of(a, DType::kBool), y = c.number_of(b, DType::kBool);
  if (kLogic == Logic::kXor) return c.context.scalar(c.op("Xor", {x, y}));
  return c.context.scalar(kLogic == Logic::kAnd ? c.both(x, y) : c.either(x, y));
}
template <bool kLeft>
Value shift(Call& c) {
  const int64_t a = integer(first(c)), b = integer(second(c));
  if (b < 0 || b > 62) fail(invalid_model(format("a shift by {} bits", b)));
  return kLeft ? fits(checked_mul(a, int64_t{1} << b)) : a >> b;
}
Value logical_not(Call& c) {
  const Value& a = first(c);
  if (known(a)) return real(a) == 0;
  return c.context.scalar(c.logical_not(c.number_of(a, DType::kBool)));
}
Value bitwise_not(Call& c) { return ~integer(first(c)); }
Value negative(Call& c) {
  const Value& a = first(c);
  if (a.is_complex()) return -a.complex();
  if (a.is_float()) return -a.real();
  if (known(a)) return fits(checked_sub(0, integer(a)));
  return c.context.scalar(c.neg(a.symbol()));
}
Value absolute(Call& c) {
  const Value& a = first(c);
  if (a.is_complex()) return std::abs(a.complex());
  if (a.is_float()) return std::abs(a.real());
  if (known(a)) return integer(a) < 0 ? fits(checked_sub(0, integer(a))) : integer(a);
  return c.context.scalar(c.op("Abs", {a.symbol()}));
}

// Floats to the nearest integer of some kind. Python's functions give ints.
template <double (*kFunction)(double), Name kOp>
Value rounded(Call& c) {
  const Value& a = first(c);
  if (a.is_int() || a.is_bool()) return integer(a);
  if (a.is_float()) {
    const double value = kFunction(a.real());
    if (!(std::abs(value) < 9e18)) fail(invalid_model(format("{} as an int", a.real())));
    return static_cast<int64_t>(value);
  }
  if (a.symbol().dtype() != DType::kFloat64) return a;
  return c.context.scalar(
      c.cast(kOp == std::string_view("Trunc") ? a.symbol() : c.op(kOp, {a.symbol()}), DType::kInt64));
}
Value round_even(Call& c) {
  const Value& a = first(c);
  if (a.is_int()) return a;
  if (a.is_float()) return std::nearbyint(a.real());
  return a.symbol().dtype() != DType::kFloat64 ? a : c.context.scalar(c.op("Round", {a.symbol()}));
}
template <double (*kFunction)(double), Name kOp>
Value function(Call& c) {
  const Value& a = first(c);
  if (known(a)) return kFunction(real(a));
  return c.context.scalar(c.op(kOp, {c.number_of(a, DType::kFloat64)}));
}
template <double (*kFunction)(double)>
Value known_function(Call& c) {
  if (!known(first(c))) c.refuse("this function of a number that depends on data");
  return kFunction(real(first(c)));
}
Value atan2(Call& c) {
  if (!both_known(c)) c.refuse("atan2 of numbers that depend on data");
  return std::atan2(real(first(c)), real(second(c)));
}
Value gcd(Call& c) { return std::gcd(integer(first(c)), integer(second(c))); }

Value to_int(Call& c) {
  const Value& a = first(c);
  if (a.is_string()) {
    char* end = nullptr;
    const long long value = std::strtoll(a.string().c_str(), &end, 10);
    if (a.string().empty() || *end) fail(invalid_model(format("'{}' as an int", a.string())));
    return static_cast<int64_t>(value);
  }
  return rounded<std::trunc, "Trunc">(c);
}
Value to_float(Call& c) {
  const Value& a = first(c);
  if (a.is_string()) {
    char* end = nullptr;
    const double value = std::strtod(a.string().c_str(), &end);
    if (a.string().empty() || *end) fail(invalid_model(format("'{}' as a float", a.string())));
    return value;
  }
  return known(a) ? Value(real(a)) : c.context.scalar(c.number_of(a, DType::kFloat64));
}
Value to_bool(Call& c) {
  const Value& a = first(c);
  return known(a) ? Value(real(a) != 0) : c.context.scalar(c.number_of(a, DType::kBool));
}
Value to_complex(Call& c) { return std::complex<double>(real(first(c)), c.declares("y") ? real(c["y"]) : 0); }
Value range_length(Call& c) {
  const int64_t lo = c.integer("lo"), hi = c.integer("hi"), step = c.integer("step");
  if (step == 0) fail(invalid_model("a range with step 0"));
  const int64_t span = step > 0 ? fits(checked_sub(hi, lo)) : fits(checked_sub(lo, hi));
  const int64_t size = step > 0 ? step : fits(checked_sub(0, step));
  return span <= 0 ? 0 : (span - 1) / size + 1;
}
Value derive_index(Call& c) {
  if (c["index"].is_symbol() || c["start"].is_symbol() || c["step"].is_symbol()) {
    const auto number = [&](std::string_view name) { return c.number(name, DType::kInt64); };
    return c.context.scalar(c.add(number("start"), c.mul(number("index"), number("step"))));
  }
  return fits(checked_add(c.integer("start"), fits(checked_mul(c.integer("index"), c.integer("step")))));
}

constexpr Row kRows[] = {
    {"add", add},
    {"sub", subtract},
    {"mul", multiply},
    {"div", divide},
    {"floordiv", floor_divide},
    {"remainder", remainder},
    {"fmod", remainder},
    {"pow", power},
    {"eq", equal<true>},
    {"ne", equal<false>},
    {"lt", compare<std::less<>, "Less">},
    {"le", compare<std::less_equal<>, "LessOrEqual">},
    {"gt", compare<std::greater<>, "Greater">},
    {"ge", compare<std::greater_equal<>, "GreaterOrEqual">},
    {"__and__", logic<Logic::kAnd>},
    {"__or__", logic<Logic::kOr>},
    {"__xor__", logic<Logic::kXor>},
    {"__lshift__", shift<true>},
    {"__rshift__", shift<false>},
    {"__not__", logical_not},
    {"bitwise_not", bitwise_not},
    {"neg", negative},
    {"prim::abs", absolute},
    {"prim::max", extreme<true>},
    {"prim::min", extreme<false>},
    {"ceil", rounded<std::ceil, "Ceil">},
    {"floor", rounded<std::floor, "Floor">},
    {"trunc", rounded<std::trunc, "Trunc">},
    {"round", round_even},
    {"sqrt", function<std::sqrt, "Sqrt">},
    {"exp", function<std::exp, "Exp">},
    {"log", function<std::log, "Log">},
    {"sin", function<std::sin, "Sin">},
    {"cos", function<std::cos, "Cos">},
    {"tan", function<std::tan, "Tan">},
    {"tanh", function<std::tanh, "Tanh">},
    {"log1p", known_function<std::log1p>},
    {"log10", known_function<std::log10>},
    {"log2", known_function<std::log2>},
    {"expm1", known_function<std::expm1>},
    {"asin", known_function<std::asin>},
    {"acos", known_function<std::acos>},
    {"atan", known_function<std::atan>},
    {"sinh", known_function<std::sinh>},
    {"cosh", known_function<std::cosh>},
    {"erf", known_function<std::erf>},
    {"gamma", known_function<std::tgamma>},
    {"lgamma", known_function<std::lgamma>},
    {"fabs", known_function<std::fabs>},
    {"atan2", atan2},
    {"gcd", gcd},
    {"Int", to_int},
    {"Float", to_float},
    {"Bool", to_bool},
    {"Complex", to_complex},
    {"__range_length", range_length},
    {"__derive_index", derive_index},
};

}  // namespace
}  // namespace number_ops

std::span<const Row> number_rows() { return number_ops::kRows; }

}  // namespace thane::aten
