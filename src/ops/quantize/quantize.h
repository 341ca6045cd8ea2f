// Quantized numbers: x ≈ (q - zero_point) · scale.
#pragma once

#include <algorithm>

#include "ir/context.h"
#include "ops/conv/conv.h"
#include "ops/quantize/requantize.h"

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

// Bounds of the result, in its integers, that passes found behind the op.
struct QuantizedBounds {
  int64_t low = -128, high = 255;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("low", self.low);
    v("high", self.high);
  }
};
// What bytes of a result may be: all of the dtype, within the bounds of a node of thane's own (whose attributes A are).
template <class A>
QuantizedRange result_range(const Node& node, DType dtype) {
  QuantizedRange range = quantized_range(dtype);
  if (node.op->domain != Domain::kThane) return range;
  const QuantizedBounds& bounds = node.attrs_as<A>();
  range.low = std::max(range.low, static_cast<int32_t>(bounds.low));
  range.high = std::min(range.high, static_cast<int32_t>(bounds.high));
  return range;
}

// QLinearConv with bounds.
struct FusedQLinearConvAttrs : ConvAttrs, QuantizedBounds {
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    ConvAttrs::fields(self, v);
    QuantizedBounds::fields(self, v);
  }
};
// QLinearMatMul by one matrix, with an int32 bias per column (input 8, may be absent) and bounds.
struct FusedQLinearMatMulAttrs : Attrs, QuantizedBounds {
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    QuantizedBounds::fields(self, v);
  }
};
// Add of two tensors of one shape between DequantizeLinear and QuantizeLinear, rounded at every step as these would.
// Inputs: a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point.
struct QuantizedAddAttrs : Attrs, QuantizedBounds {
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    QuantizedBounds::fields(self, v);
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
Status eval_qlinear_conv(KernelContext& context);  // FusedQLinearConv too
Status infer_fused_qlinear_matmul(InferContext& context);
Status eval_fused_qlinear_matmul(KernelContext& context);
Status infer_quantized_add(InferContext& context);
Status eval_quantized_add(KernelContext& context);

}  // namespace thane
