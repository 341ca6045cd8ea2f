// The com.microsoft domain: contrib ops as ONNX Runtime documents them (docs/ContribOperators.md there).
#include "formats/onnx/microsoft.h"

#include "formats/onnx/domains.h"

namespace thane::onnx {
namespace {

// Ops that always end as another op: where a rewrite is named, `op` is only what the table shows.
constexpr DomainOp kMicrosoftOps[] = {
    {"Attention", Domain::kThane, "MultiHeadAttention", attention},
    {"BiasAdd", Domain::kOnnx, "Add", bias_add},
    {"BiasDropout", Domain::kOnnx, "Add", bias_dropout},
    {"BiasGelu", Domain::kOnnx, "Gelu", bias_gelu},
    {"BiasSplitGelu", Domain::kOnnx, "Mul", bias_split_gelu},
    {"CDist", Domain::kOnnx, "Relu", pairwise_distance},
    {"ComplexMul", Domain::kOnnx, "Concat", complex_mul},
    {"ComplexMulConj", Domain::kOnnx, "Concat", complex_mul_conj},
    {"ConvTransposeWithDynamicPads", Domain::kOnnx, "ConvTranspose", conv_transpose_dynamic_pads},
    {"CropAndResize", Domain::kThane, "CropAndResize"},
    {"DecoderMaskedMultiHeadAttention", Domain::kThane, "MultiHeadAttention", decoder_masked_attention},
    {"DequantizeLinear", Domain::kOnnx, "DequantizeLinear", quantize_linear},
    {"DynamicQuantizeLSTM", Domain::kThane, "DynamicQuantizeLSTM"},
    {"DynamicQuantizeMatMul", Domain::kOnnx, "MatMulInteger", dynamic_quantize_matmul},
    {"EmbedLayerNormalization", Domain::kOnnx, "LayerNormalization", embed_layer_norm},
    {"ExpandDims", Domain::kOnnx, "Unsqueeze", expand_dims},
    {"FastGelu", Domain::kOnnx, "Gelu", fast_gelu},
    {"FusedConv", Domain::kOnnx, "Conv", fused_conv},
    {"FusedGemm", Domain::kOnnx, "Gemm", fused_gemm},
    {"FusedMatMul", Domain::kOnnx, "MatMul", fused_matmul},
    {"FusedMatMulActivation", Domain::kOnnx, "MatMul", fused_matmul},
    {"GatedRMSNorm", Domain::kOnnx, "RMSNormalization", gated_rms_norm},
    {"GatherBlockQuantized", Domain::kThane, "GatherBlockQuantized"},
    {"GatherND", Domain::kOnnx, "GatherND"},
    {"Gelu", Domain::kOnnx, "Gelu", gelu},
    {"GemmFastGelu", Domain::kOnnx, "Gelu", gemm_fast_gelu},
    {"GridSample", Domain::kOnnx, "GridSample", grid_sample},
    {"GroupNorm", Domain::kOnnx, "GroupNormalization", group_norm},
    {"GroupQueryAttention", Domain::kThane, "GroupQueryAttention", group_query_attention},
    {"Inverse", Domain::kThane, "Inverse"},
    {"Irfft", Domain::kOnnx, "DFT", irfft},
    {"IsAllFinite", Domain::kOnnx, "And", is_all_finite},
    {"MatMulBnb4", Domain::kThane, "MatMulBnb4"},
    {"MatMulInteger16", Domain::kOnnx, "MatMul", matmul_integer16},
    {"MatMulIntegerToFloat", Domain::kOnnx, "MatMulInteger", matmul_integer_to_float},
    {"MatMulNBits", Domain::kThane, "MatMulNBits"},
    {"MulInteger", Domain::kOnnx, "Mul", mul_integer},
    {"MultiHeadAttention", Domain::kThane, "MultiHeadAttention", multi_head_attention},
    {"NhwcConv", Domain::kOnnx, "Conv", nhwc_conv},
    {"NhwcFusedConv", Domain::kOnnx, "Conv", nhwc_fused_conv},
    {"NhwcMaxPool", Domain::kOnnx, "MaxPool", nhwc_max_pool},
    {"Pad", Domain::kOnnx, "Pad", pad},
    {"QAttention", Domain::kThane, "MultiHeadAttention", quantized_attention},
    {"QEmbedLayerNormalization", Domain::kOnnx, "LayerNormalization", quantized_embed_layer_norm},
    {"QGemm", Domain::kOnnx, "MatMulInteger", quantized_gemm},
    {"QLinearAdd", Domain::kThane, "QLinearAdd"},
    {"QLinearAveragePool", Domain::kOnnx, "AveragePool", quantized_average_pool},
    {"QLinearConcat", Domain::kOnnx, "Concat", quantized_concat},
    {"QLinearConv", Domain::kOnnx, "QLinearConv", quantized_conv},
    {"QLinearGlobalAveragePool", Domain::kOnnx, "GlobalAveragePool", quantized_global_average_pool},
    {"QLinearLeakyRelu", Domain::kOnnx, "LeakyRelu", quantized_leaky_relu},
    {"QLinearMul", Domain::kThane, "QLinearMul"},
    {"QLinearReduceMean", Domain::kOnnx, "ReduceMean", quantized_reduce_mean},
    {"QLinearSigmoid", Domain::kOnnx, "Sigmoid", quantized_sigmoid},
    {"QLinearSoftmax", Domain::kOnnx, "Softmax", quantized_softmax},
    {"QLinearWhere", Domain::kOnnx, "Where", quantized_where},
    {"QuantizeLinear", Domain::kOnnx, "QuantizeLinear", quantize_linear},
    {"QuickGelu", Domain::kOnnx, "Mul", quick_gelu},
    {"Range", Domain::kOnnx, "Range", range},
    {"ReduceSumInteger", Domain::kOnnx, "ReduceSum", reduce_sum_integer},
    {"Rfft", Domain::kOnnx, "DFT", rfft},
    {"RotaryEmbedding", Domain::kThane, "RotaryEmbedding"},
    {"SimplifiedLayerNormalization", Domain::kOnnx, "RMSNormalization", simplified_layer_norm},
    {"SkipGroupNorm", Domain::kOnnx, "GroupNormalization", skip_group_norm},
    {"SkipLayerNormalization", Domain::kOnnx, "LayerNormalization", skip_layer_norm},
    {"SkipSimplifiedLayerNormalization", Domain::kOnnx, "RMSNormalization", skip_rms_norm},
    {"TransposeMatMul", Domain::kOnnx, "MatMul", fused_matmul},
    {"Trilu", Domain::kOnnx, "Trilu"},
    {"Unique", Domain::kOnnx, "Unique", unique_in_order},
};

constexpr DomainOp kOddOps[] = {
    {"Affine", Domain::kOnnx, "Mul", affine},
    {"ImageScaler", Domain::kOnnx, "Mul", image_scaler},
    {"ParametricSoftplus", Domain::kOnnx, "Mul", parametric_softplus},
    {"Scale", Domain::kOnnx, "Mul", scale},
    {"ScaledTanh", Domain::kOnnx, "Mul", scaled_tanh},
    {"SimplifiedLayerNormalization", Domain::kOnnx, "RMSNormalization", simplified_layer_norm},
};

// Nothing in the file says how many channels make a block: 16 on one machine, 8 on another.
Status refuse_blocked(Rewrite&) { return unsupported("laid out for one CPU; save the model with ORT_ENABLE_EXTENDED"); }
constexpr DomainOp kBlockedOp = {"", Domain::kOnnx, "", refuse_blocked};

}  // namespace

const DomainOp& blocked_op() { return kBlockedOp; }
std::span<const DomainOp> microsoft_ops() { return kMicrosoftOps; }
std::span<const DomainOp> odd_onnx_ops() { return kOddOps; }

}  // namespace thane::onnx
