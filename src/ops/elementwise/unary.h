// The one loop of all ops with a single input whose output element i depends on input element i alone.
//
// An op is a small object with `T operator()(T) const` for float and double (and integers, where it takes them). Ops
// with attributes name their struct as `Attributes` and are constructed from it. 16-bit floats are computed in float.
#pragma once

#include "ops/convert.h"
#include "ops/elementwise/fast.h"
#include "ops/infer_shapes.h"
#include "ops/loops.h"

namespace thane {

struct FloatMap {
  const void* op;
  void (*f32)(const void* op, const float* in, float* out, int64_t n);
  void (*f64)(const void* op, const double* in, double* out, int64_t n);
};
// Elements per parallel range: 5 µs and more of plain arithmetic, or of exponentials and their like.
inline constexpr int64_t kArithmeticGrain = 32768;
inline constexpr int64_t kTranscendentalGrain = 4096;

// Maps input 0 to output 0, both of one floating-point dtype.
void map_floats(KernelContext& context, const FloatMap& map, int64_t grain);

template <class Op>
Op make_op(KernelContext& context) {
  if constexpr (requires { typename Op::Attributes; })
    return Op(context.attrs<typename Op::Attributes>());
  else
    return Op{};
}

template <class Op, class T>
void map_run(const void* op, const T* in, T* out, int64_t n) {
  const Op f = *static_cast<const Op*>(op);
  THANE_INDEPENDENT
  for (int64_t i = 0; i < n; ++i) out[i] = f(in[i]);
}

template <class Op, int64_t kGrain = kTranscendentalGrain>
Status eval_float_map(KernelContext& context) {
  const Op op = make_op<Op>(context);
  map_floats(context, {&op, &map_run<Op, float>, &map_run<Op, double>}, kGrain);
  return ok();
}

// Same for ops that also take integers.
template <class Op>
Status eval_numeric_map(KernelContext& context) {
  const Op op = make_op<Op>(context);
  const Tensor& in = context.input(0);
  Tensor& out = context.output(0);
  const bool integer = dispatch_ints(in.dtype(), [&]<class T>() {
    context.threads().parallel_for(in.size(), kArithmeticGrain, [&](int64_t begin, int64_t end) {
      map_run<Op, T>(&op, in.data<T>() + begin, out.data<T>() + begin, end - begin);
    });
  });
  if (!integer) map_floats(context, {&op, &map_run<Op, float>, &map_run<Op, double>}, kArithmeticGrain);
  return ok();
}

inline constexpr Param kFloatIn[] = {{.name = "X", .types = kFloats, .variable = 'T'}};
inline constexpr Param kFloatOut[] = {{.name = "Y", .types = kFloats, .variable = 'T'}};
inline constexpr Param kNumericIn[] = {{.name = "X", .types = kNumeric, .variable = 'T'}};
inline constexpr Param kNumericOut[] = {{.name = "Y", .types = kNumeric, .variable = 'T'}};

// A row of a table.
constexpr OpDef float_map(std::string_view name, Status (*eval)(KernelContext&), const AttrsSchema* attrs = nullptr,
                          std::span<const Kernel* const> kernels = {}) {
  return {.name = name,
          .inputs = kFloatIn,
          .min_inputs = 1,
          .outputs = kFloatOut,
          .attrs = attrs,
          .infer = infer_same,
          .eval = eval,
          .kernels = kernels,
          .flags = kElementwise | kInPlace};
}
constexpr OpDef numeric_map(std::string_view name, Status (*eval)(KernelContext&), const AttrsSchema* attrs = nullptr,
                            std::span<const Kernel* const> kernels = {}) {
  OpDef row = float_map(name, eval, attrs, kernels);
  row.inputs = kNumericIn;
  row.outputs = kNumericOut;
  return row;
}

}  // namespace thane
