// Quantized tensors: integers with the meaning that TensorBox::quantization gives them.
#pragma once

#include "formats/torch/aten/lowering.h"

namespace thane::aten {

// The real numbers of a quantized tensor; a plain one as it is.
Edge dequantized(const Ops& ops, const TensorPtr& tensor);
// Rounded to integers of `dtype` (int8, uint8, int32).
TensorPtr quantized(const Ops& ops, const Edge& real, const std::shared_ptr<const Quantization>& how, DType dtype);
std::shared_ptr<const Quantization> per_tensor(const Ops& ops, double scale, int64_t zero_point);

// Weights of a quantized layer, as its packed-parameter classes hold them.
struct PackedWeights : Object {
  std::string_view kind() const override { return "packed weights"; }
  TensorPtr weight;
  Value bias;
  Dims stride, padding, dilation, output_padding;  // of a convolution
  int64_t groups = 1;
  bool transposed = false;
};

// The object that __setstate__ makes of `state` for "LinearPackedParamsBase" or "Conv2dPackedParamsBase" (and 1d, 3d).
Result<Value> unpack_state(Context& context, std::string_view class_name, const Value& state);

}  // namespace thane::aten
