#include "base/format.h"
#include "ops/matmul/matmul.h"

namespace thane {

Status eval_fused_gemm(KernelContext& context) {
  THANE_TRY(eval_gemm(context));
  apply_epilogue(context.attrs<FusedGemmAttrs>().activation, nullptr, 1, context.output(0), context.threads());
  return ok();
}

Status infer_fused_matmul(InferContext& context) {
  THANE_TRY(infer_matmul(context));
  const SymDims* b = context.dims(1);
  const SymDims* bias = context.has_input(2) ? context.dims(2) : nullptr;
  if (!b || !bias || b->empty()) return ok();
  const Dim& columns = b->back();
  const bool one_row =
      bias->size() == 1 && (!columns.is_number() || !bias->front().is_number() || columns == bias->front());
  if (one_row) return ok();
  return invalid_model(format("bias is {}", to_string(*bias))).expecting(format("[{}]", columns.to_string()));
}

Status eval_fused_matmul(KernelContext& context) {
  THANE_TRY(eval_matmul(context));
  const float* bias = context.has_input(2) ? context.input(2).data<float>() : nullptr;
  const int64_t columns = context.input(1).dim(context.input(1).rank() - 1);
  apply_epilogue(context.attrs<FusedMatMulAttrs>().activation, bias, std::max<int64_t>(columns, 1), context.output(0),
                 context.threads());
  return ok();
}

}  // namespace thane
