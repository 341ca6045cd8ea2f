// Arithmetic on two or more tensors. Integers wrap around.
#include <cmath>

#include "base/format.h"
#include "ops/elementwise/binary.h"
#include "ops/elementwise/fast.h"
#include "ops/elementwise/pow.h"
#include "ops/families.h"

namespace thane {
namespace {

struct Add {
  template <class T>
  static T apply(T a, T b) {
    return static_cast<T>(a + b);
  }
};
struct Sub {
  template <class T>
  static T apply(T a, T b) {
    return static_cast<T>(a - b);
  }
};
struct Mul {
  template <class T>
  static T apply(T a, T b) {
    // uint16 × uint16 would be done in int, where it can overflow.
    if constexpr (std::is_same_v<T, uint16_t>)
      return static_cast<T>(uint32_t{a} * uint32_t{b});
    else
      return static_cast<T>(a * b);
  }
};
// Integers truncate towards zero; divisors were checked, but the lowest integer by -1 remains: it wraps to itself.
struct Div {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
      if (b == T{-1}) return static_cast<T>(std::make_unsigned_t<T>{0} - static_cast<std::make_unsigned_t<T>>(a));
    }
    return static_cast<T>(a / b);
  }
};
// NaN wins, whichever side it is on.
struct Min {
  template <class T>
  static T apply(T a, T b) {
    return a < b || a != a ? a : b;
  }
};
struct Max {
  template <class T>
  static T apply(T a, T b) {
    return a > b || a != a ? a : b;
  }
};

// The remainder with the dividend's sign, as C's % and fmod.
struct TruncatedMod {
  template <class T>
  static T apply(T a, T b) {
    if constexpr (std::is_floating_point_v<T>)
      return std::fmod(a, b);
    else if constexpr (std::is_signed_v<T>)
      return b == T{-1} ? T{0} : static_cast<T>(a % b);
    else
      return static_cast<T>(a % b);
  }
};
// The remainder with the divisor's sign, as Python's %.
struct FlooredMod {
  template <class T>
  static T apply(T a, T b) {
    const T r = TruncatedMod::apply(a, b);
    return r != T{0} && ((r < T{0}) != (b < T{0})) ? static_cast<T>(r + b) : r;
  }
};
struct PRelu {
  template <class T>
  static T apply(T x, T slope) {
    return x < T{0} ? Mul::apply(x, slope) : x;
  }
};

template <class Op>
constexpr BinaryRuns sign_blind_runs() {
  BinaryRuns runs{};
  add_runs<Op, float, double>(runs);
  add_sign_blind_runs<Op>(runs);
  return runs;
}
template <class Op>
constexpr BinaryRuns signed_runs() {
  BinaryRuns runs{};
  add_runs<Op, float, double>(runs);
  add_int_runs<Op>(runs);
  return runs;
}
constexpr BinaryRuns prelu_runs() {
  BinaryRuns runs{};
  add_runs<PRelu, float, double, int32_t, int64_t, uint32_t, uint64_t>(runs);
  return runs;
}

constexpr BinaryRuns kAdd = sign_blind_runs<Add>();
constexpr BinaryRuns kSub = sign_blind_runs<Sub>();
constexpr BinaryRuns kMul = sign_blind_runs<Mul>();
constexpr BinaryRuns kDiv = signed_runs<Div>();
constexpr BinaryRuns kMin = signed_runs<Min>();
constexpr BinaryRuns kMax = signed_runs<Max>();
constexpr BinaryRuns kTruncatedMod = signed_runs<TruncatedMod>();
constexpr BinaryRuns kFlooredMod = signed_runs<FlooredMod>();
constexpr BinaryRuns kPRelu = prelu_runs();

// Integer division by zero has no answer.
Status check_divisor(const KernelContext& context) {
  const Tensor& divisor = context.input(1);
  if (!(mask_of(divisor.dtype()) & kInts) || context.input(0).size() == 0) return ok();
  Status status;
  dispatch_by_size(divisor.dtype(), [&]<class T>() {
    if constexpr (std::is_integral_v<T>) {
      const T* values = divisor.data<T>();
      for (int64_t i = 0; i < divisor.size(); ++i) {
        if (values[i] == 0) status = runtime_error(format("integer division by zero: divisor element {} is 0", i));
      }
    }
  });
  return status;
}

Status eval_div(KernelContext& context) {
  THANE_TRY(check_divisor(context));
  return eval_binary<kDiv>(context);
}

struct ModAttrs : Attrs {
  bool fmod = false;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("fmod", self.fmod);
  }
};

Status eval_mod(KernelContext& context) {
  THANE_TRY(check_divisor(context));
  return context.attrs<ModAttrs>().fmod ? eval_binary<kTruncatedMod>(context) : eval_binary<kFlooredMod>(context);
}

// Only the slope is broadcast.
Status infer_prelu(InferContext& context) {
  THANE_ASSIGN(const auto dims, broadcast_inputs(context));
  const SymDims* x = context.dims(0);
  if (!x) return context.set(0, context.dtype(0)), ok();
  bool grows = dims && dims->size() != x->size();
  for (size_t i = 0; dims && !grows && i < x->size(); ++i) {
    grows = (*dims)[i].is_number() && (*x)[i].is_number() && !((*dims)[i] == (*x)[i]);
  }
  if (grows) {
    return invalid_model(
        format("slope of shape {} does not broadcast to the input's {}", to_string(*context.dims(1)), to_string(*x)));
  }
  context.set(0, context.dtype(0), *x);
  return ok();
}

// Folds a list of tensors into output 0 from the left. 16-bit floats stay in float until the end.
Status fold(KernelContext& context, const BinaryRuns& runs, bool mean) {
  Tensor& out = context.output(0);
  const size_t count = context.num_inputs();
  const DType dtype = mask_of(out.dtype()) & kFloats ? wide_dtype(out.dtype()) : out.dtype();
  Tensor sum = out;
  if (dtype != out.dtype()) {
    THANE_ASSIGN(sum, Tensor::allocate(dtype, out.dims()));
  }
  THANE_ASSIGN(Tensor left, converted(context.input(0), dtype, context.threads()));
  for (size_t i = 1; i < count; ++i) {
    THANE_ASSIGN(const Tensor right, converted(context.input(i), dtype, context.threads()));
    run_binary(runs, left, right, sum, context.threads());
    left = sum;
  }
  if (mean) {
    const Tensor divisor = dtype == DType::kFloat64 ? Tensor::scalar(static_cast<double>(count))
                                                    : Tensor::scalar(static_cast<float>(count));
    run_binary(kDiv, left, divisor, sum, context.threads());
    left = sum;
  }
  if (left.raw() != out.raw()) convert_tensor(left, out, context.threads());
  return ok();
}
template <const BinaryRuns& kRuns, bool kMean = false>
Status eval_variadic(KernelContext& context) {
  return fold(context, kRuns, kMean);
}

// What is known of dimensions: symbols stand for numbers ≥ 0.
Dim dim_add(const Dim& a, const Dim& b) { return a + b; }
Dim dim_sub(const Dim& a, const Dim& b) { return a - b; }
Dim dim_mul(const Dim& a, const Dim& b) { return a * b; }
Dim dim_div(const Dim& a, const Dim& b) {
  if (b.is_number(0)) return Dim::unknown();
  if (!a.is_number() || !b.is_number()) return Dim::floor_div(a, b);
  return Div::apply(a.number(), b.number());
}

// Powers by one constant that are something simpler.
std::optional<MapSpec> find_power(const KernelQuery& query) {
  const Tensor* exponent = query.constants[1];
  if (!exponent || exponent->size() != 1 || exponent->rank() > query.inputs[0]->dims->size()) return std::nullopt;
  const double value = exponent->as_double(0);
  if (value == 2) return MapSpec{MapOp::kSquare};
  if (value == 1) return MapSpec{MapOp::kCopy};
  if (value == -1) return MapSpec{MapOp::kReciprocal};
  return std::nullopt;
}

constexpr Param kTwoNumeric[] = {{.name = "A", .types = kNumeric, .variable = 'T'},
                                 {.name = "B", .types = kNumeric, .variable = 'T'}};
constexpr Param kPowIn[] = {{.name = "X", .types = kNumeric, .variable = 'T'}, {.name = "Y", .types = kNumeric}};
constexpr Param kNumericList[] = {{.name = "data", .types = kNumeric, .variable = 'T'}};
constexpr Param kFloatList[] = {{.name = "data", .types = kFloats, .variable = 'T'}};
constexpr Param kNumericResult[] = {{.name = "C", .types = kNumeric, .variable = 'T'}};
constexpr DTypeMask kPReluTypes = kFloats | mask_of(DType::kInt32, DType::kInt64, DType::kUInt32, DType::kUInt64);
constexpr Param kPReluIn[] = {{.name = "X", .types = kPReluTypes, .variable = 'T'},
                              {.name = "slope", .types = kPReluTypes, .variable = 'T'}};

constexpr OpDef arithmetic(std::string_view name, Status (*infer)(InferContext&), Status (*eval)(KernelContext&),
                           const AttrsSchema* attrs = nullptr, std::span<const Kernel* const> kernels = {}) {
  return {.name = name,
          .inputs = kTwoNumeric,
          .min_inputs = 2,
          .outputs = kNumericResult,
          .attrs = attrs,
          .infer = infer,
          .eval = eval,
          .kernels = kernels,
          .flags = kElementwise | kInPlace};
}
constexpr OpDef variadic(std::string_view name, std::span<const Param> inputs, Status (*eval)(KernelContext&)) {
  return {.name = name,
          .inputs = inputs,
          .min_inputs = 1,
          .input_arity = Arity::kVariadic,
          .outputs = kNumericResult,
          .infer = infer_broadcast,
          .eval = eval,
          .flags = kElementwise};
}

constexpr OpDef kArithmeticOps[] = {
    arithmetic("Add", infer_arithmetic<dim_add>, eval_binary<kAdd>, nullptr, kZipKernels<ZipOp::kAdd>),
    arithmetic("Sub", infer_arithmetic<dim_sub>, eval_binary<kSub>, nullptr, kZipKernels<ZipOp::kSub>),
    arithmetic("Mul", infer_arithmetic<dim_mul>, eval_binary<kMul>, nullptr, kZipKernels<ZipOp::kMul>),
    arithmetic("Div", infer_arithmetic<dim_div>, eval_div, nullptr, kZipKernels<ZipOp::kDiv>),
    arithmetic("Mod", infer_broadcast, eval_mod, &attrs_schema<ModAttrs>),
    {.name = "Pow",
     .inputs = kPowIn,
     .min_inputs = 2,
     .outputs = kNumericResult,
     .infer = infer_pow,
     .eval = eval_pow,
     .kernels = kMapKernels<find_power>,
     .flags = kElementwise | kInPlace},
    {.name = "PRelu",
     .inputs = kPReluIn,
     .min_inputs = 2,
     .outputs = kNumericResult,
     .infer = infer_prelu,
     .eval = eval_binary<kPRelu>,
     .kernels = kZipKernels<ZipOp::kPRelu>,
     .flags = kElementwise | kInPlace},
    variadic("Max", kNumericList, eval_variadic<kMax>),
    variadic("Mean", kFloatList, eval_variadic<kAdd, true>),
    variadic("Min", kNumericList, eval_variadic<kMin>),
    variadic("Sum", kFloatList, eval_variadic<kAdd>),
};

}  // namespace

std::span<const OpDef> arithmetic_ops() { return kArithmeticOps; }

}  // namespace thane
