// The one broadcasting loop of all ops with two inputs.
//
// An op is a type with `static Out apply(In a, In b)`; binary_run<Op, In, Out> is its innermost loop, instantiated once
// per dtype, and everything around it (walking, threads, 16-bit floats through float) exists once.
#pragma once

#include <array>

#include "ops/convert.h"
#include "ops/infer_shapes.h"
#include "ops/loops.h"

namespace thane {

// out[i] = a[i * stride_a] op b[i * stride_b]; strides are 0 or 1.
using BinaryRun = void (*)(const void* a, int64_t stride_a, const void* b, int64_t stride_b, void* out, int64_t n);
// The loop for each input dtype; null where the op does not take it. float16 and bfloat16 use float32's.
using BinaryRuns = std::array<BinaryRun, kDTypeCount>;

// output = a op b, broadcast to output's dims. An output of the inputs' dtype may share the memory of an input that has
// its dims.
void run_binary(const BinaryRuns& runs, const Tensor& a, const Tensor& b, const Tensor& output, ThreadPool& threads);

template <class Op, class In, class Out>
void binary_run(const void* a, int64_t stride_a, const void* b, int64_t stride_b, void* out, int64_t n) {
  const In* x = static_cast<const In*>(a);
  const In* y = static_cast<const In*>(b);
  Out* z = static_cast<Out*>(out);
  if (stride_a && stride_b) {
    THANE_INDEPENDENT
    for (int64_t i = 0; i < n; ++i) z[i] = Op::apply(x[i], y[i]);
  } else if (stride_a) {
    const In s = *y;
    THANE_INDEPENDENT
    for (int64_t i = 0; i < n; ++i) z[i] = Op::apply(x[i], s);
  } else if (stride_b) {
    const In s = *x;
    THANE_INDEPENDENT
    for (int64_t i = 0; i < n; ++i) z[i] = Op::apply(s, y[i]);
  } else {
    const Out value = Op::apply(*x, *y);
    for (int64_t i = 0; i < n; ++i) z[i] = value;
  }
}

// Fills the entries of the given types. Op<In> → Out is In itself, or as named.
template <class Op, class... Ins>
constexpr void add_runs(BinaryRuns& runs) {
  ((runs[static_cast<size_t>(kDTypeOf<Ins>)] = &binary_run<Op, Ins, Ins>), ...);
}
// For ops that do not care about signs: one loop for both integers of a size. Reading an int as its unsigned is
// allowed.
template <class Op>
constexpr void add_sign_blind_runs(BinaryRuns& runs) {
  add_runs<Op, uint8_t, uint16_t, uint32_t, uint64_t>(runs);
  const auto alias = [&](DType to, DType from) { runs[static_cast<size_t>(to)] = runs[static_cast<size_t>(from)]; };
  alias(DType::kInt8, DType::kUInt8);
  alias(DType::kInt16, DType::kUInt16);
  alias(DType::kInt32, DType::kUInt32);
  alias(DType::kInt64, DType::kUInt64);
}
template <class Op>
constexpr void add_int_runs(BinaryRuns& runs) {
  add_runs<Op, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t>(runs);
}

template <const BinaryRuns& kRuns>
Status eval_binary(KernelContext& context) {
  run_binary(kRuns, context.input(0), context.input(1), context.output(0), context.threads());
  return ok();
}
// b op a.
template <const BinaryRuns& kRuns>
Status eval_swapped(KernelContext& context) {
  run_binary(kRuns, context.input(1), context.input(0), context.output(0), context.threads());
  return ok();
}

// What an integer op does to dimensions known before running.
using DimFunction = Dim (*)(const Dim& a, const Dim& b);
// infer_broadcast, and for int32 and int64 of rank 0 and 1 the values as far as they follow from the inputs'.
Status infer_dim_arithmetic(InferContext& context, DimFunction function);
template <DimFunction kFunction>
Status infer_arithmetic(InferContext& context) {
  return infer_dim_arithmetic(context, kFunction);
}

}  // namespace thane
