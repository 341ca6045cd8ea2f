// Activation functions. Formulas: the ONNX operator reference.
#include <cmath>
#include <numbers>

#include "ops/elementwise/activation_attrs.h"
#include "ops/elementwise/unary.h"
#include "ops/families.h"
#include "ops/float_to_int.h"

namespace thane {
namespace {

template <class T>
T sigmoid(T x) {
  return T{1} / (T{1} + std::exp(-x));
}
// log(1 + e^x) without overflow.
template <class T>
T softplus(T x) {
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

struct Sigmoid {
  template <class T>
  T operator()(T x) const {
    return sigmoid(x);
  }
};
struct Softplus {
  template <class T>
  T operator()(T x) const {
    return softplus(x);
  }
};
struct Softsign {
  template <class T>
  T operator()(T x) const {
    return x / (T{1} + std::fabs(x));
  }
};
struct Mish {
  template <class T>
  T operator()(T x) const {
    return x * std::tanh(softplus(x));
  }
};
// Written so that NaN stays NaN.
struct Relu {
  template <class T>
  T operator()(T x) const {
    return x < T{0} ? T{0} : x;
  }
};
struct HardSwish {
  template <class T>
  T operator()(T x) const {
    const T gate = x / T{6} + T{0.5};
    return x * (gate < 0 ? T{0} : gate > 1 ? T{1} : gate);
  }
};

struct LeakyRelu {
  using Attributes = LeakyReluAttrs;
  float alpha;
  explicit LeakyRelu(const LeakyReluAttrs& attrs) : alpha(attrs.alpha) {}
  template <class T>
  T operator()(T x) const {
    return x < 0 ? static_cast<T>(alpha) * x : x;
  }
};
struct UnitAlphaOp {
  using Attributes = UnitAlphaAttrs;
  float alpha;
  explicit UnitAlphaOp(const UnitAlphaAttrs& attrs) : alpha(attrs.alpha) {}
};
struct ThresholdedRelu : UnitAlphaOp {
  using UnitAlphaOp::UnitAlphaOp;
  template <class T>
  T operator()(T x) const {
    return x > static_cast<T>(alpha) ? x : T{0};
  }
};
struct Elu : UnitAlphaOp {
  using UnitAlphaOp::UnitAlphaOp;
  template <class T>
  T operator()(T x) const {
    return x < 0 ? static_cast<T>(alpha) * std::expm1(x) : x;
  }
};
struct Celu : UnitAlphaOp {
  using UnitAlphaOp::UnitAlphaOp;
  template <class T>
  T operator()(T x) const {
    const T a = static_cast<T>(alpha);
    return std::max(T{0}, x) + std::min(T{0}, a * std::expm1(x / a));
  }
};
struct Swish : UnitAlphaOp {
  using UnitAlphaOp::UnitAlphaOp;
  template <class T>
  T operator()(T x) const {
    return x * sigmoid(static_cast<T>(alpha) * x);
  }
};
struct Selu {
  using Attributes = SeluAttrs;
  float alpha, gamma;
  explicit Selu(const SeluAttrs& attrs) : alpha(attrs.alpha), gamma(attrs.gamma) {}
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(gamma) * (x <= 0 ? static_cast<T>(alpha) * std::expm1(x) : x);
  }
};
struct HardSigmoid {
  using Attributes = HardSigmoidAttrs;
  float alpha, beta;
  explicit HardSigmoid(const HardSigmoidAttrs& attrs) : alpha(attrs.alpha), beta(attrs.beta) {}
  template <class T>
  T operator()(T x) const {
    const T y = static_cast<T>(alpha) * x + static_cast<T>(beta);
    return y < 0 ? T{0} : y > 1 ? T{1} : y;
  }
};
struct Shrink {
  using Attributes = ShrinkAttrs;
  float lambd, bias;
  explicit Shrink(const ShrinkAttrs& attrs) : lambd(attrs.lambd), bias(attrs.bias) {}
  template <class T>
  T operator()(T x) const {
    if constexpr (std::is_integral_v<T>)
      return float_to_int<T>((*this)(static_cast<double>(x)));
    else if (x < -static_cast<T>(lambd))
      return x + static_cast<T>(bias);
    else if (x > static_cast<T>(lambd))
      return x - static_cast<T>(bias);
    else
      return T{0};
  }
};

struct Gelu {
  template <class T>
  T operator()(T x) const {
    return T{0.5} * x * (T{1} + std::erf(x / std::numbers::sqrt2_v<T>));
  }
};
struct GeluTanh {
  template <class T>
  T operator()(T x) const {
    constexpr T kScale = static_cast<T>(0.79788456080286535588);  // sqrt(2 / pi)
    return T{0.5} * x * (T{1} + std::tanh(kScale * (x + static_cast<T>(0.044715) * x * x * x)));
  }
};

Status eval_gelu(KernelContext& context) {
  const bool tanh = context.attrs<GeluAttrs>().approximate == GeluApproximation::kTanh;
  return tanh ? eval_float_map<GeluTanh>(context) : eval_float_map<Gelu>(context);
}

template <class A, MapOp kOp>
std::optional<MapSpec> with_alpha(const KernelQuery& query) {
  return MapSpec{kOp, query.node.attrs_as<A>().alpha};
}
std::optional<MapSpec> find_hard_sigmoid(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<HardSigmoidAttrs>();
  return MapSpec{MapOp::kHardSigmoid, attrs.alpha, attrs.beta};
}
std::optional<MapSpec> find_gelu(const KernelQuery& query) {
  const bool tanh = query.node.attrs_as<GeluAttrs>().approximate == GeluApproximation::kTanh;
  return MapSpec{tanh ? MapOp::kGeluTanh : MapOp::kGelu};
}

constexpr OpDef kActivationOps[] = {
    float_map("Celu", eval_float_map<Celu>, &attrs_schema<UnitAlphaAttrs>),
    float_map("Elu", eval_float_map<Elu>, &attrs_schema<UnitAlphaAttrs>,
              kMapKernels<with_alpha<UnitAlphaAttrs, MapOp::kElu>>),
    float_map("Gelu", eval_gelu, &attrs_schema<GeluAttrs>, kMapKernels<find_gelu>),
    float_map("HardSigmoid", eval_float_map<HardSigmoid, kArithmeticGrain>, &attrs_schema<HardSigmoidAttrs>,
              kMapKernels<find_hard_sigmoid>),
    float_map("HardSwish", eval_float_map<HardSwish, kArithmeticGrain>, nullptr,
              kMapKernels<always<MapOp::kHardSwish>>),
    float_map("LeakyRelu", eval_float_map<LeakyRelu, kArithmeticGrain>, &attrs_schema<LeakyReluAttrs>,
              kMapKernels<with_alpha<LeakyReluAttrs, MapOp::kLeakyRelu>>),
    float_map("Mish", eval_float_map<Mish>),
    numeric_map("Relu", eval_numeric_map<Relu>, nullptr, kMapKernels<always<MapOp::kRelu>>),
    float_map("Selu", eval_float_map<Selu>, &attrs_schema<SeluAttrs>),
    numeric_map("Shrink", eval_numeric_map<Shrink>, &attrs_schema<ShrinkAttrs>),
    float_map("Sigmoid", eval_float_map<Sigmoid>, nullptr, kMapKernels<always<MapOp::kSigmoid>>),
    float_map("Softplus", eval_float_map<Softplus>, nullptr, kMapKernels<always<MapOp::kSoftplus>>),
    float_map("Softsign", eval_float_map<Softsign, kArithmeticGrain>),
    float_map("Swish", eval_float_map<Swish>, &attrs_schema<UnitAlphaAttrs>,
              kMapKernels<with_alpha<UnitAlphaAttrs, MapOp::kSilu>>),
    float_map("ThresholdedRelu", eval_float_map<ThresholdedRelu, kArithmeticGrain>, &attrs_schema<UnitAlphaAttrs>),
};

}  // namespace

std::span<const OpDef> activation_ops() { return kActivationOps; }

}  // namespace thane
