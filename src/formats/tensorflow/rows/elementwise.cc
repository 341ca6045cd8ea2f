// Arithmetic, comparisons and logic on two tensors that broadcast, and their complex forms.
#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace elementwise_ops {
namespace {

void rename(Call& call) { call.out(call.emit(call.row.target, {call.in(0), call.in(1)})); }

bool any_complex(const Call& call) { return call.is_complex(0) || call.is_complex(1); }
// The tensor as pairs of reals.
Edge pairs(Call& call, size_t i) {
  if (call.is_complex(i)) return call.item(i).edge;
  const Edge real = call.unsqueeze(call.in(i), {-1});
  return call.concat({real, call.sub(real, real)}, -1);
}
Edge part(Call& call, const Edge& pair, int64_t which) { return call.gather(pair, call.int_edge(which), -1); }
Edge join(Call& call, const Edge& real, const Edge& imaginary) {
  return call.concat({call.unsqueeze(real, {-1}), call.unsqueeze(imaginary, {-1})}, -1);
}

void add_or_sub(Call& call) {
  if (any_complex(call)) return call.out_complex(0, call.emit(call.row.target, {pairs(call, 0), pairs(call, 1)}));
  const Edge a = call.in(0);
  if (call.dtype(a) == DType::kString) return call.out(call.emit("StringConcat", {a, call.in(1)}));
  call.out(call.emit(call.row.target, {a, call.in(1)}));
}
void mul(Call& call) {
  if (!any_complex(call)) return rename(call);
  const Edge x = pairs(call, 0), y = pairs(call, 1);
  const Edge a = part(call, x, 0), b = part(call, x, 1), c = part(call, y, 0), d = part(call, y, 1);
  call.out_complex(0, join(call, call.sub(call.mul(a, c), call.mul(b, d)), call.add(call.mul(a, d), call.mul(b, c))));
}
void div(Call& call) {
  if (!any_complex(call)) return rename(call);
  const Edge x = pairs(call, 0), y = pairs(call, 1);
  const Edge a = part(call, x, 0), b = part(call, x, 1), c = part(call, y, 0), d = part(call, y, 1);
  const Edge norm = call.add(call.mul(c, c), call.mul(d, d));
  const Edge real = call.div(call.add(call.mul(a, c), call.mul(b, d)), norm);
  call.out_complex(0, join(call, real, call.div(call.sub(call.mul(b, c), call.mul(a, d)), norm)));
}

Edge where(Call& call, const Edge& condition, const Edge& a, const Edge& b) {
  return call.emit("Where", {condition, a, b});
}
Edge is_zero(Call& call, const Edge& x) { return call.emit("Equal", {x, call.like(0, x)}); }

template <bool kDivide>
void no_nan(Call& call) {
  const Edge a = call.in(0), b = call.in(1);
  const Edge zero = call.like(0, b);
  const Edge value = call.emit(kDivide ? "Div" : "Mul", {a, b});
  call.out(where(call, is_zero(call, b), zero, value));
}

bool is_float(const Call& call, const Edge& edge) {
  return edge.present() && (mask_of(call.dtype(edge)) & kFloats) != 0;
}
bool is_signed(const Call& call, const Edge& edge) {
  return edge.present() && (mask_of(call.dtype(edge)) & kSignedInts) != 0;
}

// The remainder with the divisor's sign.
Edge floor_mod_of(Call& call, const Edge& a, const Edge& b) {
  if (!is_float(call, a)) return call.emit("Mod", {a, b});
  const Edge remainder = call.emit("Mod", {a, b}, {{"fmod", int64_t{1}}});
  const Edge zero = call.like(0, b);
  const Edge differ = call.emit("Xor", {call.emit("Less", {remainder, zero}), call.emit("Less", {b, zero})});
  const Edge adjust = call.emit("And", {differ, call.emit("Not", {is_zero(call, remainder)})});
  return where(call, adjust, call.add(remainder, b), remainder);
}
void floor_mod(Call& call) { call.out(floor_mod_of(call, call.in(0), call.in(1))); }
void floor_div(Call& call) {
  const Edge a = call.in(0), b = call.in(1);
  if (is_float(call, a)) return call.out(call.emit("Floor", {call.div(a, b)}));
  if (!is_signed(call, a)) return call.out(call.div(a, b));
  // Of numbers that are never negative (shapes, mostly) division is the same, and what is known of it is kept.
  const Tensor* divisor = b.present() ? b.known() : nullptr;
  const bool sizes = a.present() && a.fact().dim_values && divisor && divisor->size() == 1 && divisor->as_int64(0) > 0;
  if (sizes) {
    bool positive = true;
    for (const Dim& dim : *a.fact().dim_values)
      positive &= dim.is_nonnegative() && !(dim.is_number() && dim.number() < 0);
    if (positive) return call.out(call.div(a, b));
  }
  call.out(call.div(call.sub(a, call.emit("Mod", {a, b})), b));
}
void truncate_mod(Call& call) { call.out(call.emit("Mod", {call.in(0), call.in(1)}, {{"fmod", int64_t{1}}})); }
void truncate_div(Call& call) {
  const Edge value = call.div(call.in(0), call.in(1));
  if (!is_float(call, value)) return call.out(value);
  call.out(where(call, call.emit("Less", {value, call.like(0, value)}), call.emit("Ceil", {value}),
                 call.emit("Floor", {value})));
}

void squared_difference(Call& call) {
  const Edge difference = call.sub(call.in(0), call.in(1));
  call.out(call.mul(difference, difference));
}
void not_equal(Call& call) { call.out(call.emit("Not", {call.emit("Equal", {call.in(0), call.in(1)})})); }
void approximate_equal(Call& call) {
  const Edge difference = call.emit("Abs", {call.sub(call.in(0), call.in(1))});
  call.out(call.emit("Less", {difference, call.like(call.f("tolerance", 1e-5), difference)}));
}

// x·f(y), and 0 where x is 0.
template <char kOp>
void zero_safe(Call& call) {
  const Edge x = call.in(0), y = call.in(1);
  Edge value;
  if (kOp == '/') value = call.div(x, y);
  if (kOp == 'l') value = call.mul(x, call.emit("Log", {y}));
  if (kOp == '1') value = call.mul(x, call.own("Log1p", {y}));
  call.out(where(call, is_zero(call, x), call.like(0, value), value));
}

void shift(Call& call) {
  Edge x = call.in(0), by = call.in(1);
  if (call.failed()) return;
  const bool left = call.row.target == "LEFT";
  const DType type = x.dtype();
  if (!is_signed(call, x))
    return call.out(call.emit("BitShift", {x, by}, {{"direction", std::string(call.row.target)}}));
  if (left) {
    const DType bits = static_cast<DType>(type == DType::kInt8    ? DType::kUInt8
                                          : type == DType::kInt16 ? DType::kUInt16
                                          : type == DType::kInt32 ? DType::kUInt32
                                                                  : DType::kUInt64);
    const auto as = [&](const Edge& edge, DType to) {
      return call.emit("BitCast", {edge}, {{"to", static_cast<int64_t>(to)}});
    };
    return call.out(as(call.emit("BitShift", {as(x, bits), as(by, bits)}, {{"direction", std::string("LEFT")}}), type));
  }
  // An arithmetic shift to the right divides by a power of two, rounding down.
  const Edge wide = call.to_int64(x), power = call.emit("Pow", {call.int_edge(2), call.to_int64(by)});
  call.out(call.cast(call.div(call.sub(wide, call.emit("Mod", {wide, power})), power), type));
}

// atan2 from the arctangent of the quotient.
void atan2(Call& call) { call.out(call.own("Atan2", {call.in(0), call.in(1)})); }
void own(Call& call) { call.out(call.own(call.row.target, call.all_in())); }

void add_n(Call& call) {
  if (call.size() == 0) return call.fail(invalid_model("it has no inputs"));
  if (call.is_complex(0)) {
    Edge sum = pairs(call, 0);
    for (size_t i = 1; i < call.size(); ++i) sum = call.add(sum, pairs(call, i));
    return call.out_complex(0, sum);
  }
  Edge sum = call.in(0);
  for (size_t i = 1; i < call.size(); ++i) sum = call.add(sum, call.in(i));
  call.out(sum);
}

// Gradients of elementwise functions, as signatures that train have them: dy and the function's result (or input).
template <char kOf>
void gradient(Call& call) {
  // Arguments: SigmoidGrad(y, dy), TanhGrad(y, dy), SqrtGrad(y, dy), RsqrtGrad(y, dy), ReciprocalGrad(y, dy);
  // ReluGrad(dy, x).
  const Edge a = call.in(0), b = call.in(1);
  const Edge one = call.like(1, a);
  switch (kOf) {
    case 's': return call.out(call.mul(b, call.mul(a, call.sub(one, a))));
    case 't': return call.out(call.mul(b, call.sub(one, call.mul(a, a))));
    case 'q': return call.out(call.div(call.mul(b, call.like(0.5, b)), a));
    case 'r': return call.out(call.mul(call.mul(b, call.like(-0.5, b)), call.mul(a, call.mul(a, a))));
    case 'i': return call.out(call.emit("Neg", {call.mul(b, call.mul(a, a))}));
    case 'u': return call.out(where(call, call.emit("Greater", {b, call.like(0, b)}), a, call.like(0, a)));
    default: return;
  }
}

void complex(Call& call) {
  Edge real = call.in(0), imaginary = call.in(1);
  if (call.failed()) return;
  if (!call.has_rank(real) || !call.has_rank(imaginary) || !(*real.dims() == *imaginary.dims())) {
    const Edge zeros = call.mul(call.sub(real, real), call.sub(imaginary, imaginary));
    real = call.add(real, zeros);
    imaginary = call.add(imaginary, zeros);
  }
  call.out_complex(0, join(call, real, imaginary));
}
void real(Call& call) { call.out(call.is_complex(0) ? part(call, pairs(call, 0), 0) : call.in(0)); }
void imaginary(Call& call) {
  if (call.is_complex(0)) return call.out(part(call, pairs(call, 0), 1));
  call.out(call.sub(call.in(0), call.in(0)));
}
void conjugate(Call& call) {
  if (!call.is_complex(0)) return call.out(call.in(0));
  const Edge x = pairs(call, 0);
  call.out_complex(0, join(call, part(call, x, 0), call.emit("Neg", {part(call, x, 1)})));
}
void complex_abs(Call& call) {
  const Edge x = pairs(call, 0);
  call.out(call.emit("ReduceL2", {x, call.ints_edge({-1})}, {{"keepdims", int64_t{0}}}));
}
void exponential(Call& call) {
  if (!call.is_complex(0)) return call.out(call.emit("Exp", {call.in(0)}));
  const Edge x = pairs(call, 0);
  const Edge size = call.emit("Exp", {part(call, x, 0)}), angle = part(call, x, 1);
  call.out_complex(0, join(call, call.mul(size, call.emit("Cos", {angle})), call.mul(size, call.emit("Sin", {angle}))));
}
void angle(Call& call) {
  const Edge x = pairs(call, 0);
  call.out(call.own("Atan2", {part(call, x, 1), part(call, x, 0)}));
}

constexpr OpRow kRows[] = {
    {"Add", add_or_sub, "Add"},
    {"AddV2", add_or_sub, "Add"},
    {"Sub", add_or_sub, "Sub"},
    {"Mul", mul, "Mul"},
    {"Div", div, "Div"},
    {"RealDiv", div, "Div"},
    {"MulNoNan", no_nan<false>},
    {"DivNoNan", no_nan<true>},
    {"FloorDiv", floor_div},
    {"FloorMod", floor_mod},
    {"Mod", truncate_mod},
    {"TruncateMod", truncate_mod},
    {"TruncateDiv", truncate_div},
    {"Pow", rename, "Pow"},
    {"Maximum", rename, "Max"},
    {"Minimum", rename, "Min"},
    {"SquaredDifference", squared_difference},
    {"Equal", rename, "Equal"},
    {"NotEqual", not_equal},
    {"ApproximateEqual", approximate_equal},
    {"Less", rename, "Less"},
    {"LessEqual", rename, "LessOrEqual"},
    {"Greater", rename, "Greater"},
    {"GreaterEqual", rename, "GreaterOrEqual"},
    {"LogicalAnd", rename, "And"},
    {"LogicalOr", rename, "Or"},
    {"BitwiseAnd", rename, "BitwiseAnd"},
    {"BitwiseOr", rename, "BitwiseOr"},
    {"BitwiseXor", rename, "BitwiseXor"},
    {"LeftShift", shift, "LEFT"},
    {"RightShift", shift, "RIGHT"},
    {"Xdivy", zero_safe<'/'>},
    {"Xlogy", zero_safe<'l'>},
    {"Xlog1py", zero_safe<'1'>},
    {"Atan2", atan2},
    {"NextAfter", own, "NextAfter"},
    {"Igamma", own, "Igamma"},
    {"Igammac", own, "Igammac"},
    {"Zeta", own, "Zeta"},
    {"Polygamma", own, "Polygamma"},
    {"Betainc", own, "Betainc"},
    {"AddN", add_n},
    {"AccumulateNV2", add_n},
    {"SigmoidGrad", gradient<'s'>},
    {"TanhGrad", gradient<'t'>},
    {"SqrtGrad", gradient<'q'>},
    {"RsqrtGrad", gradient<'r'>},
    {"ReciprocalGrad", gradient<'i'>},
    {"ReluGrad", gradient<'u'>},
    {"Complex", complex},
    {"Real", real},
    {"Imag", imaginary},
    {"Conj", conjugate},
    {"ComplexAbs", complex_abs},
    {"Angle", angle},
    {"Exp", exponential},
};

}  // namespace
}  // namespace elementwise_ops

std::span<const OpRow> elementwise_rows() { return elementwise_ops::kRows; }

}  // namespace thane::tensorflow
