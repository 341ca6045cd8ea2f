#include <algorithm>

#include "ops/expect_shape.h"
#include "ops/matmul/matmul.h"

namespace thane {

Status eval_fused_gemm(KernelContext& context) {
  THANE_TRY(eval_gemm(context));
  apply_epilogue(context.attrs<FusedGemmAttrs>().activation, nullptr, 1, context.output(0), context.threads());
  return ok();
}

Status infer_fused_matmul(InferContext& context) {
  THANE_TRY(infer_matmul(context));
  const SymDims *a = context.dims(0), *b = context.dims(1);
  if (b && !b->empty() && context.has_input(2)) THANE_TRY(expect_shape("bias", context.dims(2), {b->back()}));
  if (!a || !b || !context.has_input(3)) return ok();
  THANE_ASSIGN(const SymDims product, matmul_dims(*a, *b));
  return expect_shape("residual", context.dims(3), product);
}

Status eval_fused_matmul(KernelContext& context) {
  THANE_TRY(eval_matmul(context));
  Tensor& y = context.output(0);
  const int64_t columns = context.input(1).dim(context.input(1).rank() - 1);
  if (context.has_input(2))
    apply_epilogue({}, context.input(2).data<float>(), std::max<int64_t>(columns, 1), y, context.threads());
  const float* residual = context.has_input(3) ? context.input(3).data<float>() : nullptr;
  apply_epilogue(context.attrs<FusedMatMulAttrs>().activation, residual, std::max<int64_t>(y.size(), 1), y,
                 context.threads());
  return ok();
}

}  // namespace thane
