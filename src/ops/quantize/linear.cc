// QuantizeLinear and DequantizeLinear.
#include "base/format.h"
#include "ops/convert.h"
#include "ops/quantize/granularity.h"
#include "ops/quantize/quantize.h"
#include "ops/quantize/requantize.h"

namespace thane {
namespace {

constexpr int64_t kGrain = 8192;
constexpr DTypeMask kQuantizedInts = mask_of(DType::kUInt8, DType::kInt8, DType::kUInt16, DType::kInt16, DType::kUInt4,
                                             DType::kInt4, DType::kUInt2, DType::kInt2);
constexpr DTypeMask kQuantized =
    kQuantizedInts | (kFloat8s & ~mask_of(DType::kFloat8E8M0)) | mask_of(DType::kFloat4E2M1);
constexpr DTypeMask kPrecisions = mask_of(DType::kFloat32, DType::kFloat16, DType::kBFloat16, DType::kInt32);

// Scales (input 1) and zero points (input 2, of the same shape).
Status infer_parameters(const InferContext& context, const DequantizeAttrs& attrs) {
  const SymDims *x = context.dims(0), *scale = context.dims(1);
  if (x && scale) THANE_TRY(check_granularity(*x, *scale, attrs.axis, attrs.block_size));
  if (!scale || !context.has_input(2) || !context.dims(2)) return ok();
  const Dim scales = count_of(*scale), zeros = count_of(*context.dims(2));
  if (scales.is_number() && zeros.is_number() && scales.number() != zeros.number()) {
    return invalid_model(format("a zero point of shape {}", to_string(*context.dims(2))))
        .expecting(format("that of the scale, {}", to_string(*scale)));
  }
  return ok();
}

// Scales, and zero points if any, in T, shaped so that they broadcast.
template <class T>
struct Parameters {
  Granularity granularity;
  Tensor scales, zeros;

  static Result<Parameters> read(KernelContext& context, const DequantizeAttrs& attrs) {
    Parameters out;
    const Tensor& scale = context.input(1);
    THANE_ASSIGN(out.granularity,
                 thane::granularity(context.input(0).dims(), scale.dims(), attrs.axis, attrs.block_size));
    THANE_ASSIGN(const Tensor scales, converted(scale, kDTypeOf<T>, context.threads()));
    THANE_ASSIGN(out.scales, expand_blocks(scales, out.granularity));
    if (!context.has_input(2)) return out;
    THANE_ASSIGN(const Tensor zeros, converted(context.input(2), kDTypeOf<T>, context.threads()));
    THANE_ASSIGN(out.zeros, expand_blocks(zeros, out.granularity));
    return out;
  }
};

// Calls run(x, n, scales, zeros, stride, at) for runs of at most kConversionRun elements of x, widened to T, that
// starts at element `at`. `stride` is 0 where the run shares one scale; `zeros` is null when there are none.
template <class T, class Run>
void for_runs(const Tensor& x, const Parameters<T>& parameters, ThreadPool& threads, const Run& run) {
  const BroadcastWalk<1> walk = parameters.granularity.walk();
  const int64_t stride = walk.inner_strides[0];
  threads.parallel_for(walk.size, kGrain, [&](int64_t begin, int64_t end) {
    walk.for_rows(begin, end, [&](const std::array<int64_t, 1>& offsets, int64_t at, int64_t n) {
      alignas(64) T wide[kConversionRun];
      for (int64_t done = 0; done < n; done += kConversionRun) {
        const int64_t count = std::min(kConversionRun, n - done), parameter = offsets[0] + done * stride;
        const T* in = wide;
        if (x.dtype() == kDTypeOf<T>)
          in = x.data<T>() + at + done;
        else
          convert_elements(x.dtype(), element(x, at + done), kDTypeOf<T>, wide, count);
        run(in, count, parameters.scales.template data<T>() + parameter,
            parameters.zeros.defined() ? parameters.zeros.template data<T>() + parameter : nullptr, stride, at + done);
      }
    });
  });
}

// What rounding through a 16-bit float leaves.
template <class T>
void round_to(DType precision, T* values, int64_t n) {
  uint16_t narrow[kConversionRun];
  convert_elements(kDTypeOf<T>, values, precision, narrow, n);
  convert_elements(precision, narrow, kDTypeOf<T>, values, n);
}

// quotient = x / scale in the given precision.
template <class T>
void divide(const T* x, int64_t n, const T* scales, int64_t stride, DType precision, T* quotient) {
  if (precision != DType::kFloat16 && precision != DType::kBFloat16) {
    if (stride)
      for (int64_t i = 0; i < n; ++i) quotient[i] = x[i] / scales[i];
    else
      for (int64_t i = 0; i < n; ++i) quotient[i] = x[i] / *scales;
    return;
  }
  T divisors[kConversionRun];
  for (int64_t i = 0; i < n; ++i) {
    quotient[i] = x[i];
    divisors[i] = scales[i * stride];
  }
  round_to(precision, quotient, n);
  round_to(precision, divisors, n);
  for (int64_t i = 0; i < n; ++i) quotient[i] /= divisors[i];
  round_to(precision, quotient, n);
}

template <class T, class Out>
void store_ints(const T* quotient, int64_t n, const T* zeros, int64_t stride, QuantizedRange range, Out* out) {
  if (!zeros || !stride) {
    const int32_t zero = zeros ? static_cast<int32_t>(*zeros) : 0;
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<Out>(quantized(quotient[i], zero, range));
  } else {
    for (int64_t i = 0; i < n; ++i)
      out[i] = static_cast<Out>(quantized(quotient[i], static_cast<int32_t>(zeros[i]), range));
  }
}

// quotient + zero point, rounded and saturated, to elements of `out` from `at`. Sub-byte integers take a byte each, so
// that storing the clamped number as a byte is right for them too.
template <class T>
void store(T* quotient, int64_t n, const T* zeros, int64_t stride, bool saturate, const Tensor& out, int64_t at) {
  if (mask_of(out.dtype()) & kQuantizedInts) {
    const QuantizedRange range = quantized_range(out.dtype());
    if (dtype_size(out.dtype()) == 1)
      store_ints(quotient, n, zeros, stride, range, out.data<uint8_t>() + at);
    else
      store_ints(quotient, n, zeros, stride, range, out.data<uint16_t>() + at);
    return;
  }
  if (zeros) {
    for (int64_t i = 0; i < n; ++i) quotient[i] += zeros[i * stride];
  }
  convert_elements(kDTypeOf<T>, quotient, out.dtype(), mutable_element(out, at), n, {saturate});
}

template <class T>
Status quantize(KernelContext& context, DType precision) {
  const auto& attrs = context.attrs<QuantizeAttrs>();
  THANE_ASSIGN(const auto parameters, Parameters<T>::read(context, attrs));
  const Tensor& out = context.output(0);
  for_runs<T>(context.input(0), parameters, context.threads(),
              [&](const T* x, int64_t n, const T* scales, const T* zeros, int64_t stride, int64_t at) {
                alignas(64) T quotient[kConversionRun];
                divide(x, n, scales, stride, precision, quotient);
                store(quotient, n, zeros, stride, attrs.saturate, out, at);
              });
  return ok();
}

}  // namespace

Status infer_quantize_linear(InferContext& context) {
  const auto& attrs = context.attrs<QuantizeAttrs>();
  const bool has_zero = context.has_input(2);
  const DType zero = has_zero ? context.dtype(2) : DType::kUndefined;
  DType out = attrs.output_dtype;
  if (has_zero && zero != DType::kUndefined) {
    if (out != DType::kUndefined && out != zero) {
      return invalid_model(format("output_dtype is {}", dtype_name(out)))
          .expecting(format("that of the zero point, {}", dtype_name(zero)));
    }
    out = zero;
  } else if (!has_zero && out == DType::kUndefined) {
    out = DType::kUInt8;
  }
  if (out != DType::kUndefined && !(mask_of(out) & kQuantized)) {
    return invalid_model(format("output_dtype is {}", dtype_name(out))).expecting(dtype_mask_names(kQuantized));
  }
  if (attrs.precision != DType::kUndefined && !(mask_of(attrs.precision) & kPrecisions)) {
    return invalid_model(format("precision is {}", dtype_name(attrs.precision)))
        .expecting(dtype_mask_names(kPrecisions));
  }
  THANE_TRY(infer_parameters(context, attrs));
  context.set(0, out, context.dims(0) ? std::optional(*context.dims(0)) : std::nullopt);
  return ok();
}

Status eval_quantize_linear(KernelContext& context) {
  const auto& attrs = context.attrs<QuantizeAttrs>();
  const DType scale = context.input(1).dtype();
  const DType precision = attrs.precision != DType::kUndefined ? attrs.precision : scale;
  const bool ints = context.input(0).dtype() == DType::kInt32 || scale == DType::kInt32;
  return ints ? quantize<double>(context, precision) : quantize<float>(context, precision);
}

Status infer_dequantize_linear(InferContext& context) {
  constexpr DTypeMask kResults = mask_of(DType::kFloat32, DType::kFloat16, DType::kBFloat16);
  const auto& attrs = context.attrs<DequantizeAttrs>();
  DType out = attrs.output_dtype;
  if (out == DType::kUndefined) out = context.dtype(1);
  if (out != DType::kUndefined && !(mask_of(out) & kResults)) {
    return invalid_model(format("the output would be {}", dtype_name(out)))
        .expecting(format("output_dtype as one of {}", dtype_mask_names(kResults)));
  }
  THANE_TRY(infer_parameters(context, attrs));
  context.set(0, out, context.dims(0) ? std::optional(*context.dims(0)) : std::nullopt);
  return ok();
}

Status eval_dequantize_linear(KernelContext& context) {
  THANE_ASSIGN(const auto parameters, Parameters<float>::read(context, context.attrs<DequantizeAttrs>()));
  const Tensor& out = context.output(0);
  for_runs<float>(context.input(0), parameters, context.threads(),
                  [&](const float* x, int64_t n, const float* scales, const float* zeros, int64_t stride, int64_t at) {
                    alignas(64) float wide[kConversionRun];
                    float* y = out.dtype() == DType::kFloat32 ? out.data<float>() + at : wide;
                    if (stride) {
                      for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - (zeros ? zeros[i] : 0)) * scales[i];
                    } else {
                      const float zero = zeros ? *zeros : 0, scale = *scales;
                      for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - zero) * scale;
                    }
                    if (y == wide) convert_elements(DType::kFloat32, wide, out.dtype(), mutable_element(out, at), n);
                  });
  return ok();
}

}  // namespace thane
