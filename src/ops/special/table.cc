// Mathematical functions that ONNX lacks, element by element, and complex numbers seen as pairs of real ones.
#include <cmath>
#include <cstring>
#include <numeric>

#include "ops/elementwise/binary.h"
#include "ops/elementwise/unary.h"
#include "ops/families.h"
#include "ops/special/functions.h"

namespace thane {
namespace {

// A function of doubles as an op; float goes through double.
template <double (*kFunction)(double)>
struct Of {
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(kFunction(static_cast<double>(x)));
  }
};
template <double (*kFunction)(double, double)>
struct OfTwo {
  template <class T>
  static T apply(T a, T b) {
    return static_cast<T>(kFunction(static_cast<double>(a), static_cast<double>(b)));
  }
};
// In the type at hand, where the standard library has it.
struct Log1p {
  template <class T>
  T operator()(T x) const {
    return std::log1p(x);
  }
};
struct Expm1 {
  template <class T>
  T operator()(T x) const {
    return std::expm1(x);
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
struct Erfc {
  template <class T>
  T operator()(T x) const {
    return std::erfc(x);
  }
};
struct Atan2 {
  template <class T>
  static T apply(T a, T b) {
    return std::atan2(a, b);
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
struct NextAfter {
  template <class T>
  static T apply(T a, T b) {
    return std::nextafter(a, b);
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

double bessel_i0(double x) { return special::bessel_i(0, x, false); }
double bessel_i0e(double x) { return special::bessel_i(0, x, true); }
double bessel_i1(double x) { return special::bessel_i(1, x, false); }
double bessel_i1e(double x) { return special::bessel_i(1, x, true); }

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
constexpr BinaryRuns kAtan2 = float_runs<Atan2>();
constexpr BinaryRuns kHypot = float_runs<Hypot>();
constexpr BinaryRuns kCopySign = float_runs<CopySign>();
constexpr BinaryRuns kNextAfter = float_runs<NextAfter>();
constexpr BinaryRuns kIgamma = float_runs<OfTwo<special::gamma_p>>();
constexpr BinaryRuns kIgammac = float_runs<OfTwo<special::gamma_q>>();
constexpr BinaryRuns kZeta = float_runs<OfTwo<special::zeta>>();
constexpr BinaryRuns kGcd = int_runs<Gcd>();
constexpr BinaryRuns kLcm = int_runs<Lcm>();

// --- complex numbers as pairs

constexpr DType pair_dtype(DType dtype) { return dtype == DType::kComplex64 ? DType::kFloat32 : DType::kFloat64; }

Status infer_view_as_real(InferContext& context) {
  std::optional<SymDims> dims;
  if (const SymDims* in = context.dims(0)) {
    dims = *in;
    dims->push_back(2);
  }
  context.set(0, pair_dtype(context.dtype(0)), dims);
  return ok();
}
Status infer_view_as_complex(InferContext& context) {
  std::optional<SymDims> dims;
  if (const SymDims* in = context.dims(0)) {
    if (in->empty()) return invalid_model("a scalar as pairs").expecting("a last axis of 2");
    if (in->back().is_number() && in->back().number() != 2) {
      return invalid_model("last axis of " + in->back().to_string()).expecting("2: real and imaginary parts");
    }
    dims = SymDims(in->begin(), in->end() - 1);
  }
  context.set(0, context.dtype(0) == DType::kFloat32 ? DType::kComplex64 : DType::kComplex128, dims);
  return ok();
}
Status eval_bytes(KernelContext& context) {
  const Tensor& in = context.input(0);
  Tensor& out = context.output(0);
  if (in.size_bytes() != out.size_bytes()) return runtime_error("the last axis is not 2");
  if (out.size_bytes() > 0) std::memcpy(out.raw(), in.raw(), out.size_bytes());
  return ok();
}

constexpr Param kTwoFloats[] = {{.name = "A", .types = kFloats, .variable = 'T'},
                                {.name = "B", .types = kFloats, .variable = 'T'}};
constexpr Param kTwoInts[] = {{.name = "A", .types = kInts, .variable = 'T'},
                              {.name = "B", .types = kInts, .variable = 'T'}};
constexpr Param kIntOut[] = {{.name = "C", .types = kInts, .variable = 'T'}};
constexpr Param kComplexIn[] = {{.name = "X", .types = kComplexes}};
constexpr Param kPairsIn[] = {{.name = "X", .types = mask_of(DType::kFloat32, DType::kFloat64)}};

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
constexpr OpDef pairs(std::string_view name, std::span<const Param> inputs, std::span<const Param> outputs,
                      Status (*infer)(InferContext&)) {
  return {.name = name,
          .domain = Domain::kThane,
          .inputs = inputs,
          .min_inputs = 1,
          .outputs = outputs,
          .infer = infer,
          .eval = eval_bytes};
}

constexpr OpDef kOps[] = {
    binary("Atan2", eval_binary<kAtan2>),
    binary("CopySign", eval_binary<kCopySign>),
    unary<Of<special::digamma>>("Digamma"),
    unary<Erfc>("Erfc"),
    unary<Of<special::erfc_scaled>>("Erfcx"),
    unary<Of<special::erf_inverse>>("ErfInv"),
    unary<Exp2>("Exp2"),
    unary<Expm1>("Expm1"),
    binary("Gcd", eval_binary<kGcd>, kTwoInts, kIntOut),
    binary("Hypot", eval_binary<kHypot>),
    unary<Of<bessel_i0>>("I0"),
    unary<Of<bessel_i0e>>("I0e"),
    unary<Of<bessel_i1>>("I1"),
    unary<Of<bessel_i1e>>("I1e"),
    binary("Igamma", eval_binary<kIgamma>),
    binary("Igammac", eval_binary<kIgammac>),
    binary("Lcm", eval_binary<kLcm>, kTwoInts, kIntOut),
    unary<Of<special::log_gamma>>("Lgamma"),
    unary<Log10>("Log10"),
    unary<Log1p>("Log1p"),
    unary<Log2>("Log2"),
    unary<Of<special::normal_log_cdf>>("LogNdtr"),
    unary<Of<special::normal_quantile>>("NdtrI"),
    binary("NextAfter", eval_binary<kNextAfter>),
    unary<Rsqrt>("Rsqrt"),
    unary<Trunc>("Trunc"),
    pairs("ViewAsComplex", kPairsIn, kComplexIn, infer_view_as_complex),
    pairs("ViewAsReal", kComplexIn, kPairsIn, infer_view_as_real),
    binary("Zeta", eval_binary<kZeta>),
};

}  // namespace

std::span<const OpDef> special_ops() { return kOps; }

}  // namespace thane
