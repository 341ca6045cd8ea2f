// Mathematical functions of one variable.
#include <cmath>

#include "ops/elementwise/unary.h"
#include "ops/families.h"

namespace thane {
namespace {

struct Acos {
  template <class T>
  T operator()(T x) const {
    return std::acos(x);
  }
};
struct Acosh {
  template <class T>
  T operator()(T x) const {
    return std::acosh(x);
  }
};
struct Asin {
  template <class T>
  T operator()(T x) const {
    return std::asin(x);
  }
};
struct Asinh {
  template <class T>
  T operator()(T x) const {
    return std::asinh(x);
  }
};
struct Atan {
  template <class T>
  T operator()(T x) const {
    return std::atan(x);
  }
};
struct Atanh {
  template <class T>
  T operator()(T x) const {
    return std::atanh(x);
  }
};
struct Cos {
  template <class T>
  T operator()(T x) const {
    return std::cos(x);
  }
};
struct Cosh {
  template <class T>
  T operator()(T x) const {
    return std::cosh(x);
  }
};
struct Sin {
  template <class T>
  T operator()(T x) const {
    return std::sin(x);
  }
};
struct Sinh {
  template <class T>
  T operator()(T x) const {
    return std::sinh(x);
  }
};
struct Tan {
  template <class T>
  T operator()(T x) const {
    return std::tan(x);
  }
};
struct Tanh {
  template <class T>
  T operator()(T x) const {
    return std::tanh(x);
  }
};
struct Exp {
  template <class T>
  T operator()(T x) const {
    return std::exp(x);
  }
};
struct Log {
  template <class T>
  T operator()(T x) const {
    return std::log(x);
  }
};
struct Sqrt {
  template <class T>
  T operator()(T x) const {
    return std::sqrt(x);
  }
};
struct Erf {
  template <class T>
  T operator()(T x) const {
    return std::erf(x);
  }
};
struct Ceil {
  template <class T>
  T operator()(T x) const {
    return std::ceil(x);
  }
};
struct Floor {
  template <class T>
  T operator()(T x) const {
    return std::floor(x);
  }
};
// To nearest, halves to even: the rounding mode is never changed in this program.
struct Round {
  template <class T>
  T operator()(T x) const {
    return std::nearbyint(x);
  }
};
struct Reciprocal {
  template <class T>
  T operator()(T x) const {
    return T{1} / x;
  }
};

// Integers wrap: the magnitude of the lowest one is itself.
template <class T>
T wrapping_negate(T x) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(std::make_unsigned_t<T>{0} - static_cast<std::make_unsigned_t<T>>(x));
  else
    return -x;
}
struct Neg {
  template <class T>
  T operator()(T x) const {
    return wrapping_negate(x);
  }
};
struct Abs {
  template <class T>
  T operator()(T x) const {
    if constexpr (std::is_unsigned_v<T>)
      return x;
    else if constexpr (std::is_integral_v<T>)
      return x < 0 ? wrapping_negate(x) : x;
    else
      return std::fabs(x);
  }
};
struct Sign {
  template <class T>
  T operator()(T x) const {
    if (x != x) return x;
    return static_cast<T>((x > T{0}) - (x < T{0}));
  }
};

struct BitwiseNot {
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(~x);
  }
};

Status eval_bitwise_not(KernelContext& context) {
  const Tensor& in = context.input(0);
  const BitwiseNot op;
  map_run<BitwiseNot, uint8_t>(&op, static_cast<const uint8_t*>(in.raw()),
                               static_cast<uint8_t*>(context.output(0).raw()), static_cast<int64_t>(in.size_bytes()));
  return ok();
}

struct Not {
  uint8_t operator()(uint8_t x) const { return x == 0; }
};

Status eval_not(KernelContext& context) {
  const Tensor& in = context.input(0);
  const Not op;
  map_run<Not, uint8_t>(&op, in.data<uint8_t>(), context.output(0).data<uint8_t>(), in.size());
  return ok();
}

// Tests for not-a-number and infinity. Every dtype but float64 fits in float without changing the answer.
struct IsInfAttrs : Attrs {
  bool detect_negative = true;
  bool detect_positive = true;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("detect_negative", self.detect_negative);
    v("detect_positive", self.detect_positive);
  }
};
struct IsInf {
  using Attributes = IsInfAttrs;
  bool negative, positive;
  explicit IsInf(const IsInfAttrs& attrs) : negative(attrs.detect_negative), positive(attrs.detect_positive) {}
  template <class T>
  uint8_t operator()(T x) const {
    return std::isinf(x) && (x < 0 ? negative : positive);
  }
};
struct IsNaN {
  template <class T>
  uint8_t operator()(T x) const {
    return x != x;
  }
};

template <class Op>
Status eval_float_test(KernelContext& context) {
  const Op op = make_op<Op>(context);
  const Tensor& in = context.input(0);
  const DType wide = in.dtype() == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
  THANE_ASSIGN(const Tensor x, converted(in, wide, context.threads()));
  uint8_t* out = context.output(0).data<uint8_t>();
  dispatch<float, double>(wide, [&]<class T>() {
    for (int64_t i = 0; i < x.size(); ++i) out[i] = op(x.data<T>()[i]);
  });
  return ok();
}

constexpr Param kAnyFloatIn[] = {{.name = "X", .types = kFloats | kFloat8s}};
constexpr Param kBoolResult[] = {{.name = "Y", .types = kBoolOnly}};
constexpr Param kBoolIn[] = {{.name = "X", .types = kBoolOnly}};
constexpr Param kSignedIn[] = {{.name = "X", .types = kFloats | kSignedInts, .variable = 'T'}};
constexpr Param kIntIn[] = {{.name = "X", .types = kInts, .variable = 'T'}};

constexpr OpDef with_inputs(OpDef row, std::span<const Param> inputs) {
  row.inputs = inputs;
  return row;
}
constexpr OpDef float_test(std::string_view name, Status (*eval)(KernelContext&), const AttrsSchema* attrs = nullptr) {
  return {.name = name,
          .inputs = kAnyFloatIn,
          .min_inputs = 1,
          .outputs = kBoolResult,
          .attrs = attrs,
          .infer = infer_same_dims_as<DType::kBool>,
          .eval = eval,
          .flags = kElementwise};
}

constexpr OpDef kMathOps[] = {
    numeric_map("Abs", eval_numeric_map<Abs>, nullptr, kMapKernels<always<MapOp::kAbs>>),
    float_map("Acos", eval_float_map<Acos>),
    float_map("Acosh", eval_float_map<Acosh>),
    float_map("Asin", eval_float_map<Asin>),
    float_map("Asinh", eval_float_map<Asinh>),
    float_map("Atan", eval_float_map<Atan>),
    float_map("Atanh", eval_float_map<Atanh>),
    with_inputs(numeric_map("BitwiseNot", eval_bitwise_not), kIntIn),
    float_map("Ceil", eval_float_map<Ceil, kArithmeticGrain>),
    float_map("Cos", eval_float_map<Cos>),
    float_map("Cosh", eval_float_map<Cosh>),
    float_map("Erf", eval_float_map<Erf>, nullptr, kMapKernels<always<MapOp::kErf>>),
    float_map("Exp", eval_float_map<Exp>, nullptr, kMapKernels<always<MapOp::kExp>>),
    float_map("Floor", eval_float_map<Floor, kArithmeticGrain>),
    float_test("IsInf", eval_float_test<IsInf>, &attrs_schema<IsInfAttrs>),
    float_test("IsNaN", eval_float_test<IsNaN>),
    float_map("Log", eval_float_map<Log>, nullptr, kMapKernels<always<MapOp::kLog>>),
    with_inputs(numeric_map("Neg", eval_numeric_map<Neg>, nullptr, kMapKernels<always<MapOp::kNegate>>), kSignedIn),
    {.name = "Not",
     .inputs = kBoolIn,
     .min_inputs = 1,
     .outputs = kBoolResult,
     .infer = infer_same,
     .eval = eval_not,
     .flags = kElementwise | kInPlace},
    float_map("Reciprocal", eval_float_map<Reciprocal, kArithmeticGrain>, nullptr,
              kMapKernels<always<MapOp::kReciprocal>>),
    float_map("Round", eval_float_map<Round, kArithmeticGrain>),
    numeric_map("Sign", eval_numeric_map<Sign>),
    float_map("Sin", eval_float_map<Sin>),
    float_map("Sinh", eval_float_map<Sinh>),
    float_map("Sqrt", eval_float_map<Sqrt, kArithmeticGrain>, nullptr, kMapKernels<always<MapOp::kSqrt>>),
    float_map("Tan", eval_float_map<Tan>),
    float_map("Tanh", eval_float_map<Tanh>, nullptr, kMapKernels<always<MapOp::kTanh>>),
};

}  // namespace

std::span<const OpDef> math_ops() { return kMathOps; }

}  // namespace thane
