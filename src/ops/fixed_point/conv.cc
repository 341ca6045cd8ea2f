// Conv on quantized data: sums of exact products, requantized. Padding has the value of the zero point.
#include "ops/conv/convolve.h"
#include "ops/convert.h"
#include "ops/fixed_point/fixed_point.h"

namespace thane {
namespace {

// Weights without their zero point, in the unsigned type sums wrap in.
template <class Acc>
std::vector<Acc> centered(const Tensor& weights, int64_t zero) {
  std::vector<Acc> out(static_cast<size_t>(weights.size()));
  dispatch<int8_t, uint8_t, int16_t>(weights.dtype(), [&]<class W>() {
    const W* w = weights.data<W>();
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<Acc>(static_cast<int64_t>(w[i]) - zero);
  });
  return out;
}

// Signed of the same width.
inline int64_t as_signed(uint32_t sum) { return static_cast<int32_t>(sum); }
inline int64_t as_signed(uint64_t sum) { return static_cast<int64_t>(sum); }

template <class Acc, class X>
void run(const FixedConvAttrs& attrs, const ConvShape& shape, KernelContext& context) {
  const Tensor &x = context.input(0), &y = context.output(0);
  const std::vector<Acc> weights = centered<Acc>(context.input(1), attrs.weight_zero_point);
  std::vector<int64_t> bias(static_cast<size_t>(shape.out_channels), 0);
  if (context.has_input(2)) {
    for (size_t i = 0; i < bias.size(); ++i) bias[i] = context.input(2).as_int64(static_cast<int64_t>(i));
  }
  const auto zero = static_cast<Acc>(attrs.input_zero_point);
  X* out = y.data<X>();
  convolve<Acc>(
      conv_lattice(shape), x.data<X>(), weights.data(), context.threads(),
      [=](X v) { return static_cast<Acc>(static_cast<Acc>(static_cast<int64_t>(v)) - zero); },
      [&](int64_t channel, int64_t offset, int64_t stride, int64_t count, const Acc* sums) {
        const auto c = static_cast<size_t>(channel);
        for (int64_t i = 0; i < count; ++i) {
          const Acc sum = sums[i] + static_cast<Acc>(bias[c]);
          out[offset + i * stride] = static_cast<X>(attrs.requantization.apply(as_signed(sum), c));
        }
      });
}

}  // namespace

Status infer_fixed_conv(InferContext& context) {
  const auto& attrs = context.attrs<FixedConvAttrs>();
  const SymDims* bias = context.has_input(2) ? context.dims(2) : nullptr;
  THANE_ASSIGN(auto dims, infer_conv_dims(attrs, context.dims(0), context.dims(1), bias));
  if (const SymDims* weights = context.dims(1)) THANE_TRY(attrs.requantization.check((*weights)[0]));
  context.set(0, context.dtype(0), std::move(dims));
  return ok();
}

Status eval_fixed_conv(KernelContext& context) {
  const auto& attrs = context.attrs<FixedConvAttrs>();
  if (context.output(0).size() == 0) return ok();
  THANE_ASSIGN(const ConvShape shape, resolve_conv(attrs, context.input(0).dims(), context.input(1).dims()));
  switch (context.input(0).dtype()) {
    case DType::kInt8: run<uint32_t, int8_t>(attrs, shape, context); break;
    case DType::kUInt8: run<uint32_t, uint8_t>(attrs, shape, context); break;
    default: run<uint64_t, int16_t>(attrs, shape, context); break;
  }
  return ok();
}

}  // namespace thane
