// Operators that work element by element.
#include <cmath>

#include "formats/tflite/builtins.h"
#include "formats/tflite/fixed_point.h"

namespace thane::tflite {
namespace elementwise_ops {
namespace {

// --- one operand

// What a unary operator is in ai.onnx, and as a function of one number for tables of quantized operands.
struct Unary {
  std::string_view onnx;
  double (*f)(double x);
  bool interpolated = false;  // of int16: between few points
};
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double elu(double x) { return x < 0 ? std::expm1(x) : x; }
double rsqrt(double x) { return x <= 0 ? HUGE_VAL : 1 / std::sqrt(x); }
double natural_log(double x) { return x <= 0 ? -HUGE_VAL : std::log(x); }
double square(double x) { return x * x; }
double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

template <const Unary& kUnary>
void lower_unary(Op& op) {
  if (has_fixed_point(op)) return lower_table(op, kUnary.f, kUnary.interpolated);
  Edge x = op.in(0);
  op.done(op(kUnary.onnx, {x}));
}

constexpr Unary kAbs{"Abs", [](double x) { return std::fabs(x); }};
constexpr Unary kCeil{"Ceil", [](double x) { return std::ceil(x); }};
constexpr Unary kCos{"Cos", [](double x) { return std::cos(x); }};
constexpr Unary kElu{"Elu", elu};
constexpr Unary kExp{"Exp", [](double x) { return std::exp(x); }, true};
constexpr Unary kFloor{"Floor", [](double x) { return std::floor(x); }};
constexpr Unary kLog{"Log", natural_log, true};
constexpr Unary kNeg{"Neg", [](double x) { return -x; }};
constexpr Unary kRound{"Round", [](double x) { return std::nearbyint(x); }};
constexpr Unary kSign{"Sign", sign};
constexpr Unary kSin{"Sin", [](double x) { return std::sin(x); }};
constexpr Unary kSqrt{"Sqrt", [](double x) { return std::sqrt(x); }};

void lower_logistic(Op& op) {
  if (has_fixed_point(op))
    return op.result().dtype == DType::kInt16 ? lower_logistic_int16(op) : lower_table(op, sigmoid);
  op.done(op("Sigmoid", {op.in(0)}));
}
void lower_tanh(Op& op) {
  if (has_fixed_point(op)) {
    return op.result().dtype == DType::kInt16 ? lower_tanh_int16(op)
                                              : lower_table(op, [](double x) { return std::tanh(x); });
  }
  op.done(op("Tanh", {op.in(0)}));
}
void lower_rsqrt(Op& op) {
  if (has_fixed_point(op)) return lower_table(op, rsqrt, true);
  op.done(op("Reciprocal", {op("Sqrt", {op.in(0)})}));
}
void lower_square(Op& op) {
  if (has_fixed_point(op)) return lower_table(op, square);
  const Edge x = op.in(0);
  op.done(op("Mul", {x, x}));
}
void lower_hard_swish(Op& op) {
  if (has_fixed_point(op)) return lower_fixed_hard_swish(op);
  op.done(op("HardSwish", {op.in(0)}));
}
void lower_gelu(Op& op) {
  const bool approximate = op.options().flag(0);
  if (has_fixed_point(op)) {
    if (approximate) {
      return lower_table(
          op, [](double x) { return 0.5 * x * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))); });
    }
    return lower_table(op, [](double x) { return 0.5 * x * (1 + std::erf(x * 0.7071067811865476)); });
  }
  op.done(op("Gelu", {op.in(0)}, {{"approximate", std::string(approximate ? "tanh" : "none")}}));
}
void lower_leaky_relu(Op& op) {
  const auto alpha = op.options().number<float>(0);
  if (has_fixed_point(op)) return lower_fixed_leaky_relu(op, alpha);
  op.done(op("LeakyRelu", {op.in(0)}, {{"alpha", alpha}}));
}
template <int kActivation>
void lower_relu(Op& op) {
  if (has_fixed_point(op)) return lower_fixed_relu(op, kActivation);
  op.done(op.activated(op.in(0), kActivation));
}
void lower_relu_0_to_1(Op& op) {
  if (has_fixed_point(op)) return lower_fixed_relu(op, kReluZeroToOne);
  const Edge x = op.in(0);
  op.done(op("Clip", {x, op.scalar_like(0, x), op.scalar_like(1, x)}));
}
void lower_not(Op& op) { op.done(op("Not", {op.in(0)})); }

void lower_cbrt(Op& op) {
  const Edge x = op.in(0);
  const Edge root = op("Pow", {op("Abs", {x}), op.scalar_like(1.0 / 3, x)});
  op.done(op("Mul", {op("Sign", {x}), root}));
}

// --- two operands

template <FixedBinary kKind>
void lower_arithmetic(Op& op) {
  static constexpr std::string_view kNames[] = {"Add", "Sub", "Mul", "Div"};
  const int activation = op.options().number<int8_t>(0);
  if (has_fixed_point(op)) return lower_fixed_binary(op, kKind, activation);
  const Edge a = op.in(0), b = op.in(1);
  op.done(op.activated(op(kNames[static_cast<size_t>(kKind)], {a, b}), activation));
}
void lower_squared_difference(Op& op) {
  if (has_fixed_point(op)) return lower_fixed_binary(op, FixedBinary::kSquaredDifference, 0);
  const Edge difference = op("Sub", {op.in(0), op.in(1)});
  op.done(op("Mul", {difference, difference}));
}
template <bool kMax>
void lower_extreme(Op& op) {
  // Both operands share their quantization with the result.
  op.set_raw(0, op(kMax ? "Max" : "Min", {op.raw(0), op.raw(1)}));
}
void lower_pow(Op& op) { op.done(op("Pow", {op.in(0), op.in(1)})); }
void lower_atan2(Op& op) { op.done(op.own("Atan2", {op.in(0), op.in(1)})); }

bool is_float(const Edge& edge) { return mask_of(edge.dtype()) & kFloats; }

// Rounded towards minus infinity.
void lower_floor_div(Op& op) {
  const Edge a = op.in(0), b = op.in(1);
  if (is_float(a)) return op.done(op("Floor", {op("Div", {a, b})}));
  const Edge rest = op("Mod", {a, b});  // with the divisor's sign
  op.done(op("Div", {op("Sub", {a, rest}), b}));
}
void lower_floor_mod(Op& op) {
  const Edge a = op.in(0), b = op.in(1);
  if (!is_float(a)) return op.done(op("Mod", {a, b}));
  const Edge rest = op("Mod", {a, b}, {{"fmod", int64_t{1}}});
  const Edge zero = op.scalar_like(0, a);
  const Edge other_side = op("Xor", {op("Less", {rest, zero}), op("Less", {b, zero})});
  const Edge wrong = op("And", {op("Not", {op("Equal", {rest, zero})}), other_side});
  op.done(op("Where", {wrong, op("Add", {rest, b}), rest}));
}

struct Comparison {
  std::string_view onnx;
  bool negated = false;
};
constexpr Comparison kLess{"Less"}, kGreater{"Greater"}, kLessEqual{"LessOrEqual"}, kGreaterEqual{"GreaterOrEqual"};
constexpr Comparison kEqual{"Equal"}, kNotEqual{"Equal", true};
template <const Comparison& kComparison>
void lower_comparison(Op& op) {
  Edge a = op.raw(0), b = op.raw(1);
  const auto same = [&] {
    const Quantization &p = op.tensor(0).quantization, &q = op.tensor(1).quantization;
    return p.scales == q.scales && p.zero_points == q.zero_points;
  };
  // Integers of one scale compare as their reals do.
  if (op.has(0) && op.has(1) && is_quantized(op.tensor(0)) && is_quantized(op.tensor(1)) && !same()) {
    a = comparable(op, a, op.tensor(0));
    b = comparable(op, b, op.tensor(1));
  }
  const Edge result = op(kComparison.onnx, {a, b});
  op.done(kComparison.negated ? op("Not", {result}) : result);
}
template <bool kAnd>
void lower_logical(Op& op) {
  op.done(op(kAnd ? "And" : "Or", {op.in(0), op.in(1)}));
}
void lower_bitwise_xor(Op& op) { op.done(op("BitwiseXor", {op.in(0), op.in(1)})); }

// Arithmetic shifts of signed integers: divisions by powers of two, rounded down.
void lower_right_shift(Op& op) {
  const Edge a = op.in(0), b = op.in(1);
  if (mask_of(a.dtype()) & kUnsignedInts) return op.done(op("BitShift", {a, b}, {{"direction", std::string("RIGHT")}}));
  const Edge wide = op.to_int64(a);
  const Edge limit = op("Clip", {op.to_int64(b), op.number(0), op.number(62)});
  const Edge power = op.cast(op("BitShift", {op.cast(op.number(1), DType::kUInt64), op.cast(limit, DType::kUInt64)},
                                {{"direction", std::string("LEFT")}}),
                             DType::kInt64);
  const Edge rest = op("Mod", {wide, power});
  op.done(op.cast(op("Div", {op("Sub", {wide, rest}), power}), a.dtype()));
}

void lower_prelu(Op& op) {
  if (has_fixed_point(op)) return lower_fixed_binary(op, FixedBinary::kPRelu, 0);
  op.done(op("PRelu", {op.in(0), op.in(1)}));
}

void lower_add_n(Op& op) {
  Edge sum = op.in(0);
  for (size_t i = 1; i < op.num_inputs(); ++i) sum = op("Add", {sum, op.in(i)});
  op.done(sum);
}

// --- three operands

// SELECT's condition of rank 1 picks rows.
template <bool kBroadcast>
void lower_select(Op& op) {
  Edge condition = op.raw(0);
  const Edge a = op.raw(1), b = op.raw(2);
  if (!kBroadcast && op.rank(condition) == 1 && op.rank(a) > 1) {
    Dims axes;
    for (int axis = 1; axis < op.rank(a); ++axis) axes.push_back(axis);
    condition = op("Unsqueeze", {condition, op.list(axes)});
  }
  op.set_raw(0, op("Where", {condition, a, b}));
}

constexpr Builtin kRows[] = {
    {0, "ADD", 11, lower_arithmetic<FixedBinary::kAdd>, Quantized::kReal},
    {41, "SUB", 28, lower_arithmetic<FixedBinary::kSub>, Quantized::kReal},
    {18, "MUL", 21, lower_arithmetic<FixedBinary::kMul>, Quantized::kReal},
    {42, "DIV", 29, lower_arithmetic<FixedBinary::kDiv>, Quantized::kReal},
    {99, "SQUARED_DIFFERENCE", 0, lower_squared_difference, Quantized::kReal},
    {55, "MAXIMUM", 0, lower_extreme<true>},
    {57, "MINIMUM", 0, lower_extreme<false>},
    {78, "POW", 0, lower_pow, Quantized::kReal},
    {156, "ATAN2", 0, lower_atan2},
    {90, "FLOOR_DIV", 0, lower_floor_div, Quantized::kReal},
    {95, "FLOOR_MOD", 0, lower_floor_mod, Quantized::kReal},
    {106, "ADD_N", 0, lower_add_n, Quantized::kReal},
    {54, "PRELU", 0, lower_prelu, Quantized::kReal},
    {58, "LESS", 0, lower_comparison<kLess>},
    {61, "GREATER", 0, lower_comparison<kGreater>},
    {62, "GREATER_EQUAL", 0, lower_comparison<kGreaterEqual>},
    {63, "LESS_EQUAL", 0, lower_comparison<kLessEqual>},
    {71, "EQUAL", 0, lower_comparison<kEqual>},
    {72, "NOT_EQUAL", 0, lower_comparison<kNotEqual>},
    {84, "LOGICAL_OR", 0, lower_logical<false>},
    {86, "LOGICAL_AND", 0, lower_logical<true>},
    {87, "LOGICAL_NOT", 0, lower_not},
    {160, "BITWISE_XOR", 0, lower_bitwise_xor},
    {161, "RIGHT_SHIFT", 0, lower_right_shift},
    {64, "SELECT", 0, lower_select<false>},
    {123, "SELECT_V2", 0, lower_select<true>},
    {8, "FLOOR", 0, lower_unary<kFloor>, Quantized::kReal},
    {14, "LOGISTIC", 0, lower_logistic, Quantized::kReal},
    {19, "RELU", 0, lower_relu<1>, Quantized::kReal},
    {20, "RELU_N1_TO_1", 0, lower_relu<2>, Quantized::kReal},
    {21, "RELU6", 0, lower_relu<3>, Quantized::kReal},
    {152, "RELU_0_TO_1", 0, lower_relu_0_to_1, Quantized::kReal},
    {28, "TANH", 0, lower_tanh, Quantized::kReal},
    {47, "EXP", 0, lower_unary<kExp>, Quantized::kReal},
    {59, "NEG", 0, lower_unary<kNeg>, Quantized::kReal},
    {66, "SIN", 0, lower_unary<kSin>, Quantized::kReal},
    {73, "LOG", 0, lower_unary<kLog>, Quantized::kReal},
    {75, "SQRT", 0, lower_unary<kSqrt>, Quantized::kReal},
    {76, "RSQRT", 0, lower_rsqrt, Quantized::kReal},
    {92, "SQUARE", 0, lower_square, Quantized::kReal},
    {98, "LEAKY_RELU", 75, lower_leaky_relu, Quantized::kReal},
    {101, "ABS", 0, lower_unary<kAbs>, Quantized::kReal},
    {104, "CEIL", 0, lower_unary<kCeil>, Quantized::kReal},
    {108, "COS", 0, lower_unary<kCos>, Quantized::kReal},
    {111, "ELU", 0, lower_unary<kElu>, Quantized::kReal},
    {116, "ROUND", 0, lower_unary<kRound>, Quantized::kReal},
    {117, "HARD_SWISH", 0, lower_hard_swish, Quantized::kReal},
    {150, "GELU", 116, lower_gelu, Quantized::kReal},
    {158, "SIGN", 0, lower_unary<kSign>, Quantized::kReal},
    {208, "STABLEHLO_CBRT", 0, lower_cbrt},
};

}  // namespace
}  // namespace elementwise_ops

std::span<const Builtin> elementwise_builtins() { return elementwise_ops::kRows; }

}  // namespace thane::tflite
