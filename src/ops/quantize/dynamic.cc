// DynamicQuantizeLinear: scale and zero point from the data's own range, widened to hold 0.
#include <algorithm>
#include <mutex>

#include "ir/context.h"
#include "ops/quantize/kernels.h"
#include "ops/quantize/plain.h"
#include "ops/quantize/quantize.h"
#include "ops/quantize/requantize.h"

namespace thane {

Status infer_dynamic_quantize_linear(InferContext& context) {
  context.set(0, DType::kUInt8, context.dims(0) ? std::optional(*context.dims(0)) : std::nullopt);
  context.set(1, DType::kFloat32, SymDims{});
  context.set(2, DType::kUInt8, SymDims{});
  return ok();
}

namespace {

constexpr int64_t kDynamicGrain = 16384;
constexpr QuantizedRange kDynamicRange{0, 255};

struct DynamicParameters {
  float scale;
  int32_t zero;

  // Of data within [low, high], which holds 0.
  DynamicParameters(float low, float high)
      : scale(low == high ? 1.0f : (high - low) / 255.0f), zero(quantized(-low / scale, 0, kDynamicRange)) {}

  void store(KernelContext& context) const {
    if (context.wants_output(1)) *context.output(1).data<float>() = scale;
    if (context.wants_output(2)) *context.output(2).data<uint8_t>() = static_cast<uint8_t>(zero);
  }
};

class PlainDynamicQuantize : public PreparedKernel {
 public:
  explicit PlainDynamicQuantize(const QuantizeKernels& kernels) : kernels_(kernels) {}
  Status run(KernelContext& context) const override {
    const int64_t size = context.input(0).size();
    const float* x = context.input(0).data<float>();
    float low = 0, high = 0;
    std::mutex mutex;
    context.threads().parallel_for(size, kDynamicGrain, [&](int64_t begin, int64_t end) {
      float least = 0, most = 0;
      kernels_.widen_range(end - begin, x + begin, &least, &most);
      const std::lock_guard lock(mutex);
      low = std::min(low, least);
      high = std::max(high, most);
    });
    const DynamicParameters p(low, high);
    uint8_t* y = context.output(0).data<uint8_t>();
    context.threads().parallel_for(size, kDynamicGrain, [&](int64_t begin, int64_t end) {
      kernels_.to_u8(end - begin, p.scale, p.zero, x + begin, y + begin);
    });
    p.store(context);
    return ok();
  }

 private:
  const QuantizeKernels& kernels_;
};

}  // namespace

const Kernel kPlainDynamicQuantize = {"dynamic_quantize.plain", refuse_nothing, prepare_plain<PlainDynamicQuantize>};

Status eval_dynamic_quantize_linear(KernelContext& context) {
  const Tensor& x = context.input(0);
  const float* in = x.data<float>();
  float low = 0, high = 0;
  for (int64_t i = 0; i < x.size(); ++i) {
    low = in[i] < low ? in[i] : low;
    high = in[i] > high ? in[i] : high;
  }
  const DynamicParameters p(low, high);
  uint8_t* out = context.output(0).data<uint8_t>();
  context.threads().parallel_for(x.size(), kDynamicGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      out[i] = static_cast<uint8_t>(quantized(in[i] / p.scale, p.zero, kDynamicRange));
  });
  p.store(context);
  return ok();
}

}  // namespace thane
