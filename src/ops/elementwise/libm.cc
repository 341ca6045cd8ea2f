// Functions that C has and ONNX lacks, element by element, and two of erfc's relatives.
#include <cmath>
#include <numbers>
#include <numeric>

#include "ops/elementwise/binary.h"
#include "ops/elementwise/unary.h"
#include "ops/families.h"

namespace thane {
namespace libm {
namespace {

// exp(x²) · erfc(x)
double erfc_scaled(double x) {
  if (x < 12) return std::exp(x * x) * std::erfc(x);
  // A&S 7.1.23
  const double r = 1 / (2 * x * x);
  return std::numbers::inv_sqrtpi / x * (1 - r * (1 - 3 * r * (1 - 5 * r * (1 - 7 * r))));
}

// log Φ(x) of the standard normal distribution
double normal_log_cdf(double x) {
  const double t = x / std::numbers::sqrt2;
  if (x < -1) return std::log(erfc_scaled(-t) / 2) - t * t;
  return std::log1p(-std::erfc(t) / 2);
}

template <double (*kFunction)(double)>
struct Of {
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(kFunction(static_cast<double>(x)));
  }
};
struct Log2 {
  template <class T>
  T operator()(T x) const {
    return std::log2(x);
  }
};
struct Log10 {
  template <class T>
  T operator()(T x) const {
    return std::log10(x);
  }
};
struct Exp2 {
  template <class T>
  T operator()(T x) const {
    return std::exp2(x);
  }
};
struct Rsqrt {
  template <class T>
  T operator()(T x) const {
    return T{1} / std::sqrt(x);
  }
};
struct Trunc {
  template <class T>
  T operator()(T x) const {
    return std::trunc(x);
  }
};
struct Hypot {
  template <class T>
  static T apply(T a, T b) {
    return std::hypot(a, b);
  }
};
struct CopySign {
  template <class T>
  static T apply(T a, T b) {
    return std::copysign(a, b);
  }
};
// Of magnitudes; the lowest integer's wraps.
struct Gcd {
  template <class T>
  static T apply(T a, T b) {
    using U = std::make_unsigned_t<T>;
    const auto size = [](T x) { return static_cast<U>(x < 0 ? U{0} - static_cast<U>(x) : static_cast<U>(x)); };
    return static_cast<T>(std::gcd(static_cast<uint64_t>(size(a)), static_cast<uint64_t>(size(b))));
  }
};
struct Lcm {
  template <class T>
  static T apply(T a, T b) {
    const T g = Gcd::apply(a, b);
    if (g == 0) return 0;
    using U = std::make_unsigned_t<T>;
    const auto product =
        static_cast<T>(static_cast<U>(static_cast<uint64_t>(static_cast<U>(a / g)) * static_cast<U>(b)));
    return static_cast<T>(product < 0 ? U{0} - static_cast<U>(product) : static_cast<U>(product));
  }
};

template <class Op>
constexpr BinaryRuns float_runs() {
  BinaryRuns runs{};
  add_runs<Op, float, double>(runs);
  return runs;
}
template <class Op>
constexpr BinaryRuns int_runs() {
  BinaryRuns runs{};
  add_int_runs<Op>(runs);
  return runs;
}
constexpr BinaryRuns kHypot = float_runs<Hypot>();
constexpr BinaryRuns kCopySign = float_runs<CopySign>();
constexpr BinaryRuns kGcd = int_runs<Gcd>();
constexpr BinaryRuns kLcm = int_runs<Lcm>();

constexpr Param kTwoFloats[] = {{.name = "A", .types = kFloats, .variable = 'T'},
                                {.name = "B", .types = kFloats, .variable = 'T'}};
constexpr Param kTwoIntegers[] = {{.name = "A", .types = kInts, .variable = 'T'},
                                  {.name = "B", .types = kInts, .variable = 'T'}};
constexpr Param kIntResult[] = {{.name = "C", .types = kInts, .variable = 'T'}};

template <class Op>
constexpr OpDef unary(std::string_view name) {
  OpDef row = float_map(name, eval_float_map<Op>);
  row.domain = Domain::kThane;
  return row;
}
constexpr OpDef binary(std::string_view name, Status (*eval)(KernelContext&),
                       std::span<const Param> inputs = kTwoFloats, std::span<const Param> outputs = kFloatOut) {
  return {.name = name,
          .domain = Domain::kThane,
          .inputs = inputs,
          .min_inputs = 2,
          .outputs = outputs,
          .infer = infer_broadcast,
          .eval = eval,
          .flags = kElementwise | kInPlace};
}

constexpr OpDef kOps[] = {
    binary("CopySign", eval_binary<kCopySign>),
    unary<Of<erfc_scaled>>("Erfcx"),
    unary<Exp2>("Exp2"),
    binary("Gcd", eval_binary<kGcd>, kTwoIntegers, kIntResult),
    binary("Hypot", eval_binary<kHypot>),
    binary("Lcm", eval_binary<kLcm>, kTwoIntegers, kIntResult),
    unary<Log10>("Log10"),
    unary<Log2>("Log2"),
    unary<Of<normal_log_cdf>>("LogNdtr"),
    unary<Rsqrt>("Rsqrt"),
    unary<Trunc>("Trunc"),
};

}  // namespace
}  // namespace libm

std::span<const OpDef> libm_ops() { return libm::kOps; }

}  // namespace thane
