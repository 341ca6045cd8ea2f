// Quantized numbers: x ≈ (q - zero_point) · scale.
#pragma once

#include "ir/context.h"

namespace thane {

struct DequantizeAttrs : Attrs {
  int64_t axis = 1;
  int64_t block_size = 0;                  // 0: not blocked
  DType output_dtype = DType::kUndefined;  // undefined: follows from the other inputs
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("axis", self.axis);
    v("block_size", self.block_size);
    v("output_dtype", self.output_dtype);
  }
};

struct QuantizeAttrs : DequantizeAttrs {
  DType precision = DType::kUndefined;  // of the division; undefined: the scale's
  bool saturate = true;                 // float8 only
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    DequantizeAttrs::fields(self, v);
    v("precision", self.precision);
    v("saturate", self.saturate);
  }
};

Status infer_quantize_linear(InferContext& context);
Status eval_quantize_linear(KernelContext& context);
Status infer_dequantize_linear(InferContext& context);
Status eval_dequantize_linear(KernelContext& context);
Status infer_dynamic_quantize_linear(InferContext& context);
Status eval_dynamic_quantize_linear(KernelContext& context);

Status infer_matmul_integer(InferContext& context);
Status eval_matmul_integer(KernelContext& context);
Status infer_qlinear_matmul(InferContext& context);
Status eval_qlinear_matmul(KernelContext& context);

Status infer_conv_integer(InferContext& context);
Status eval_conv_integer(KernelContext& context);
Status infer_qlinear_conv(InferContext& context);
Status eval_qlinear_conv(KernelContext& context);

}  // namespace thane
