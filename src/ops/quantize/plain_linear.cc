// QuantizeLinear and DequantizeLinear between float32 and 8 bits with one scale.
#include "ir/context.h"
#include "ops/quantize/kernels.h"
#include "ops/quantize/plain.h"
#include "ops/quantize/quantize.h"

namespace thane {
namespace {

constexpr int64_t kPlainGrain = 16384;
constexpr DTypeMask kByteTypes = mask_of(DType::kInt8, DType::kUInt8);

std::string refuse_plain(const KernelQuery& query, DType floats, DType bytes) {
  if (floats != DType::kFloat32 || !(mask_of(bytes) & kByteTypes)) return "not between float32 and 8 bits";
  if (query.inputs[1]->dtype != DType::kFloat32) return "the scale is not float32";
  return count_of(*query.inputs[1]->dims).is_number(1) ? "" : "several scales";
}
std::string refuse_quantize(const KernelQuery& query) {
  const DType precision = query.node.attrs_as<QuantizeAttrs>().precision;
  if (precision != DType::kUndefined && precision != DType::kFloat32) return "the division is not in float32";
  return refuse_plain(query, query.inputs[0]->dtype, query.outputs[0].dtype);
}
std::string refuse_dequantize(const KernelQuery& query) {
  return refuse_plain(query, query.outputs[0].dtype, query.inputs[0]->dtype);
}

int32_t zero_point(const KernelContext& context) {
  return context.has_input(2) ? static_cast<int32_t>(context.input(2).as_int64(0)) : 0;
}

// Calls run(begin, end, scale, zero) over ranges of elements.
template <class Run>
Status for_elements(KernelContext& context, const Run& run) {
  const float scale = *context.input(1).data<float>();
  const int32_t zero = zero_point(context);
  context.threads().parallel_for(context.output(0).size(), kPlainGrain,
                                 [&](int64_t begin, int64_t end) { run(begin, end - begin, scale, zero); });
  return ok();
}

class PlainQuantize : public PreparedKernel {
 public:
  explicit PlainQuantize(const QuantizeKernels& kernels) : kernels_(kernels) {}
  Status run(KernelContext& context) const override {
    const float* x = context.input(0).data<float>();
    Tensor& y = context.output(0);
    return for_elements(context, [&](int64_t at, int64_t n, float scale, int32_t zero) {
      if (y.dtype() == DType::kUInt8)
        kernels_.to_u8(n, scale, zero, x + at, y.data<uint8_t>() + at);
      else
        kernels_.to_s8(n, scale, zero, x + at, y.data<int8_t>() + at);
    });
  }

 private:
  const QuantizeKernels& kernels_;
};

class PlainDequantize : public PreparedKernel {
 public:
  explicit PlainDequantize(const QuantizeKernels& kernels) : kernels_(kernels) {}
  Status run(KernelContext& context) const override {
    const Tensor& x = context.input(0);
    float* y = context.output(0).data<float>();
    return for_elements(context, [&](int64_t at, int64_t n, float scale, int32_t zero) {
      if (x.dtype() == DType::kUInt8)
        kernels_.from_u8(n, scale, zero, x.data<uint8_t>() + at, y + at);
      else
        kernels_.from_s8(n, scale, zero, x.data<int8_t>() + at, y + at);
    });
  }

 private:
  const QuantizeKernels& kernels_;
};

}  // namespace

const Kernel kPlainQuantize = {"quantize.plain", refuse_quantize, prepare_plain<PlainQuantize>};
const Kernel kPlainDequantize = {"dequantize.plain", refuse_dequantize, prepare_plain<PlainDequantize>};

}  // namespace thane
