// How the ops of com.microsoft are put into other words. Semantics: ONNX Runtime's docs/ContribOperators.md and, where
// that is silent, what release 1.32 does.
#pragma once

#include "formats/onnx/rewrite.h"

namespace thane::onnx {

// `node` becomes an activation of `x`, named as ONNX Runtime's fusions do; "" means none. `params` are the activation's
// numbers in the order of its attributes.
Status become_activation(Rewrite& r, const std::string& name, const std::vector<float>& params, const std::string& x);

// microsoft_fused.cc
Status fused_conv(Rewrite& r);
Status nhwc_conv(Rewrite& r);
Status nhwc_fused_conv(Rewrite& r);
Status fused_gemm(Rewrite& r);
Status fused_matmul(Rewrite& r);
Status gemm_fast_gelu(Rewrite& r);
Status gelu(Rewrite& r);
Status bias_gelu(Rewrite& r);
Status fast_gelu(Rewrite& r);
Status quick_gelu(Rewrite& r);
Status bias_split_gelu(Rewrite& r);
Status bias_add(Rewrite& r);
Status bias_dropout(Rewrite& r);

// microsoft_norm.cc
Status skip_layer_norm(Rewrite& r);
Status skip_rms_norm(Rewrite& r);
Status simplified_layer_norm(Rewrite& r);
Status gated_rms_norm(Rewrite& r);
Status group_norm(Rewrite& r);
Status skip_group_norm(Rewrite& r);
Status embed_layer_norm(Rewrite& r);
Status quantized_embed_layer_norm(Rewrite& r);

// microsoft_attention.cc
Status attention(Rewrite& r);
Status quantized_attention(Rewrite& r);
Status multi_head_attention(Rewrite& r);
Status decoder_masked_attention(Rewrite& r);
Status group_query_attention(Rewrite& r);

// microsoft_quantized.cc
Status quantized_sigmoid(Rewrite& r);
Status quantized_leaky_relu(Rewrite& r);
Status quantized_softmax(Rewrite& r);
Status quantized_concat(Rewrite& r);
Status quantized_average_pool(Rewrite& r);
Status quantized_global_average_pool(Rewrite& r);
Status quantized_reduce_mean(Rewrite& r);
Status quantized_where(Rewrite& r);
Status quantized_gemm(Rewrite& r);
Status quantized_conv(Rewrite& r);
Status matmul_integer_to_float(Rewrite& r);
Status dynamic_quantize_matmul(Rewrite& r);
Status quantize_linear(Rewrite& r);  // and DequantizeLinear: other defaults
Status matmul_integer16(Rewrite& r);
Status mul_integer(Rewrite& r);
Status reduce_sum_integer(Rewrite& r);

// microsoft_misc.cc
Status nhwc_max_pool(Rewrite& r);
Status conv_transpose_dynamic_pads(Rewrite& r);
Status expand_dims(Rewrite& r);
Status unique_in_order(Rewrite& r);
Status grid_sample(Rewrite& r);
Status pad(Rewrite& r);
Status range(Rewrite& r);
Status is_all_finite(Rewrite& r);
Status complex_mul(Rewrite& r);
Status complex_mul_conj(Rewrite& r);
Status rfft(Rewrite& r);
Status irfft(Rewrite& r);
Status pairwise_distance(Rewrite& r);  // CDist
// Ops that ONNX once had, or that ONNX Runtime puts into ONNX's own domain.
Status affine(Rewrite& r);
Status scaled_tanh(Rewrite& r);
Status parametric_softplus(Rewrite& r);
Status image_scaler(Rewrite& r);
Status scale(Rewrite& r);

}  // namespace thane::onnx
