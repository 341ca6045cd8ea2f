// DynamicQuantizeLinear: scale and zero point from the data's own range, widened to hold 0.
#include "ops/quantize/quantize.h"
#include "ops/quantize/requantize.h"

namespace thane {

Status infer_dynamic_quantize_linear(InferContext& context) {
  context.set(0, DType::kUInt8, context.dims(0) ? std::optional(*context.dims(0)) : std::nullopt);
  context.set(1, DType::kFloat32, SymDims{});
  context.set(2, DType::kUInt8, SymDims{});
  return ok();
}

Status eval_dynamic_quantize_linear(KernelContext& context) {
  constexpr int64_t kGrain = 16384;
  constexpr QuantizedRange kRange{0, 255};
  const Tensor& x = context.input(0);
  const float* in = x.data<float>();
  float low = 0, high = 0;
  for (int64_t i = 0; i < x.size(); ++i) {
    low = in[i] < low ? in[i] : low;
    high = in[i] > high ? in[i] : high;
  }
  const float scale = low == high ? 1.0f : (high - low) / 255.0f;
  const int32_t zero = quantized(-low / scale, 0, kRange);
  uint8_t* out = context.output(0).data<uint8_t>();
  context.threads().parallel_for(x.size(), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) out[i] = static_cast<uint8_t>(quantized(in[i] / scale, zero, kRange));
  });
  if (context.wants_output(1)) *context.output(1).data<float>() = scale;
  if (context.wants_output(2)) *context.output(2).data<uint8_t>() = static_cast<uint8_t>(zero);
  return ok();
}

}  // namespace thane
