#include "base/format.h"
#include "ops/conv/conv.h"

namespace thane {

Status infer_fused_conv(InferContext& context) {
  const SymDims* bias = context.has_input(2) ? context.dims(2) : nullptr;
  THANE_ASSIGN(const std::optional<SymDims> dims,
               infer_conv_dims(context.attrs<FusedConvAttrs>(), context.dims(0), context.dims(1), bias));
  context.set(0, context.dtype(0), dims);
  const SymDims* residual = context.has_input(3) ? context.dims(3) : nullptr;
  if (!dims || !residual || !all_numbers(*dims) || !all_numbers(*residual) || *dims == *residual) return ok();
  return invalid_model(format("Z is {}", to_string(*residual))).expecting(to_string(*dims));
}

Status eval_fused_conv(KernelContext& context) {
  THANE_TRY(eval_conv(context));
  const float* residual = context.has_input(3) ? context.input(3).data<float>() : nullptr;
  Tensor& y = context.output(0);
  apply_epilogue(context.attrs<FusedConvAttrs>().activation, residual, std::max<int64_t>(y.size(), 1), y,
                 context.threads());
  return ok();
}

}  // namespace thane
