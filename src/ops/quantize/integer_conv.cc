// ConvInteger and QLinearConv: Conv on int8 and uint8, summed in 32 bits. Padding has the value of the zero point.
#include "base/format.h"
#include "ops/conv/convolve.h"
#include "ops/convert.h"
#include "ops/quantize/quantize.h"
#include "ops/quantize/requantize.h"

namespace thane {
namespace {

// A parameter of the weights: one, or one for each output channel.
Status check_channel_parameter(const InferContext& context, size_t parameter, size_t weights) {
  if (!context.has_input(parameter) || !context.type(parameter).has_concrete_dims() || !context.dims(weights))
    return ok();
  const Dim count = count_of(*context.dims(parameter));
  const Dim& channels = (*context.dims(weights))[0];
  if (count.is_number(1) || !channels.is_number() || count == channels) return ok();
  return invalid_model(
             format("a scale or zero point of {} elements for {} output channels", count.number(), channels.number()))
      .expecting("one for all, or one for each");
}

Status check_scalar(const InferContext& context, size_t parameter) {
  if (!context.has_input(parameter) || !context.type(parameter).has_concrete_dims()) return ok();
  if (count_of(*context.dims(parameter)).is_number(1)) return ok();
  return invalid_model(format("a scale or zero point of shape {}", to_string(*context.dims(parameter))))
      .expecting("a scalar");
}

// Sums wrap around as they do in every 32-bit accumulator, which only unsigned arithmetic may.
struct Operands {
  const Tensor& x;
  const Tensor* zero_x;  // null: 0
  const Tensor& weights;
  const Tensor* zero_weights;

  // Centered weights.
  std::vector<uint32_t> centered_weights() const {
    std::vector<uint32_t> out(static_cast<size_t>(weights.size()));
    convert_elements(weights.dtype(), weights.raw(), DType::kInt32, out.data(), weights.size());
    if (!zero_weights || out.empty()) return out;
    const int64_t each = weights.size() / weights.dim(0);
    for (int64_t i = 0; i < weights.size(); ++i) {
      out[static_cast<size_t>(i)] -=
          static_cast<uint32_t>(zero_weights->as_int64(zero_weights->size() == 1 ? 0 : i / each));
    }
    return out;
  }

  template <class Store>
  Status convolve_into(const ConvAttrs& attrs, ThreadPool& threads, const Store& store) const {
    THANE_ASSIGN(const ConvShape shape, resolve_conv(attrs, x.dims(), weights.dims()));
    const std::vector<uint32_t> w = centered_weights();
    // int8 becomes uint8 by a shift of 128, of the data and of the zero point.
    const bool is_signed = x.dtype() == DType::kInt8;
    const auto flip = static_cast<uint8_t>(is_signed ? 0x80 : 0);
    const auto zero = static_cast<uint32_t>((zero_x ? zero_x->as_int64(0) : 0) + (is_signed ? 128 : 0));
    const auto load = [=](uint8_t v) { return uint32_t{static_cast<uint8_t>(v ^ flip)} - zero; };
    convolve<uint32_t>(conv_lattice(shape), x.data<uint8_t>(), w.data(), threads, load, store);
    return ok();
  }
};

Status infer_conv_result(InferContext& context, size_t weights, size_t bias, DType dtype) {
  const SymDims* bias_dims = context.has_input(bias) ? context.dims(bias) : nullptr;
  THANE_ASSIGN(auto dims,
               infer_conv_dims(context.attrs<ConvAttrs>(), context.dims(0), context.dims(weights), bias_dims));
  context.set(0, dtype, std::move(dims));
  return ok();
}

}  // namespace

// Inputs: x, w, x_zero_point, w_zero_point.
Status infer_conv_integer(InferContext& context) {
  THANE_TRY(infer_conv_result(context, 1, SIZE_MAX, DType::kInt32));
  THANE_TRY(check_scalar(context, 2));
  return check_channel_parameter(context, 3, 1);
}

Status eval_conv_integer(KernelContext& context) {
  if (context.output(0).size() == 0) return ok();
  const Operands operands{context.input(0), context.has_input(2) ? &context.input(2) : nullptr, context.input(1),
                          context.has_input(3) ? &context.input(3) : nullptr};
  int32_t* y = context.output(0).data<int32_t>();
  return operands.convolve_into(context.attrs<ConvAttrs>(), context.threads(),
                                [=](int64_t, int64_t offset, int64_t stride, int64_t count, const uint32_t* sums) {
                                  for (int64_t i = 0; i < count; ++i) {
                                    y[offset + i * stride] = static_cast<int32_t>(sums[i]);
                                  }
                                });
}

// Inputs: x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, B.
Status infer_qlinear_conv(InferContext& context) {
  THANE_TRY(infer_conv_result(context, 3, 8, context.dtype(7)));
  for (size_t i : {1, 2, 6, 7}) THANE_TRY(check_scalar(context, i));
  for (size_t i : {4, 5}) THANE_TRY(check_channel_parameter(context, i, 3));
  return ok();
}

Status eval_qlinear_conv(KernelContext& context) {
  const Tensor& y = context.output(0);
  if (y.size() == 0) return ok();
  const Tensor &weights = context.input(3), &scale_w = context.input(4);
  const float scale_x = *context.input(1).data<float>(), scale_y = *context.input(6).data<float>();
  std::vector<float> factors(static_cast<size_t>(weights.dim(0)));
  for (size_t m = 0; m < factors.size(); ++m) {
    factors[m] = scale_x * scale_w.data<float>()[scale_w.size() == 1 ? 0 : m] / scale_y;
  }
  const int32_t* bias = context.has_input(8) ? context.input(8).data<int32_t>() : nullptr;
  const auto zero = static_cast<int32_t>(context.input(7).as_int64(0));
  const QuantizedRange range = result_range<FusedQLinearConvAttrs>(context.node(), y.dtype());
  uint8_t* out = y.data<uint8_t>();
  const Operands operands{context.input(0), &context.input(2), weights, &context.input(5)};
  return operands.convolve_into(
      context.attrs<ConvAttrs>(), context.threads(),
      [&](int64_t channel, int64_t offset, int64_t stride, int64_t count, const uint32_t* sums) {
        const auto m = static_cast<size_t>(channel);
        const uint32_t added = bias ? static_cast<uint32_t>(bias[m]) : 0;
        for (int64_t i = 0; i < count; ++i) {
          const auto sum = static_cast<float>(static_cast<int32_t>(sums[i] + added));
          out[offset + i * stride] = static_cast<uint8_t>(quantized(sum * factors[m], zero, range));
        }
      });
}

}  // namespace thane
