// Ops of com.microsoft without words in ONNX; domain kThane.
#include "ops/contrib/contrib.h"
#include "ops/contrib/kernels.h"
#include "ops/contrib/quantized_lstm.h"
#include "ops/families.h"

namespace thane {
namespace {

using namespace contrib;  // the attribute structs and functions of this family

constexpr DTypeMask kHeadTypes = mask_of(DType::kFloat32, DType::kFloat16, DType::kBFloat16);
constexpr DTypeMask kFloat32Only = mask_of(DType::kFloat32);
constexpr DTypeMask kInt32Only = mask_of(DType::kInt32);
constexpr DTypeMask kBytes = mask_of(DType::kUInt8, DType::kInt8);
constexpr DTypeMask kPacked =
    mask_of(DType::kUInt8, DType::kInt4, DType::kUInt4, DType::kFloat4E2M1) | (kFloat8s & ~mask_of(DType::kFloat8E8M0));

constexpr Param kAnyIn[] = {{.name = "input", .types = kAnyTensor, .variable = 'T'}};
constexpr Param kAnyOut[] = {{.name = "output", .types = kAnyTensor, .variable = 'T'}};
constexpr Param kMatrixIn[] = {{.name = "X", .types = kIeeeFloats, .variable = 'T'}};
constexpr Param kMatrixOut[] = {{.name = "Y", .types = kIeeeFloats, .variable = 'T'}};
constexpr Param kFloatOut[] = {{.name = "Y", .types = kHeadTypes, .variable = 'T'}};

constexpr Param head(std::string_view name, bool optional = false) {
  return {.name = name, .types = kHeadTypes, .variable = 'T', .optional = optional};
}
constexpr Param int32s(std::string_view name, bool optional = false) {
  return {.name = name, .types = kInt32Only, .optional = optional};
}

constexpr Param kMultiHeadIn[] = {head("query"),
                                  head("key", true),
                                  head("value", true),
                                  head("bias", true),
                                  int32s("key_padding_mask", true),
                                  head("attention_bias", true),
                                  head("past_key", true),
                                  head("past_value", true),
                                  int32s("past_sequence_length", true),
                                  int32s("cache_indirection", true)};
constexpr Param kAttentionOut[] = {head("output", true), head("present_key", true), head("present_value", true),
                                   head("qk", true)};
constexpr Param kGroupQueryIn[] = {head("query"),
                                   head("key", true),
                                   head("value", true),
                                   head("past_key", true),
                                   head("past_value", true),
                                   int32s("seqlens_k"),
                                   int32s("total_sequence_length"),
                                   head("cos_cache", true),
                                   head("sin_cache", true),
                                   {.name = "position_ids", .types = kInt64Only, .optional = true},
                                   head("attention_bias", true),
                                   head("head_sink", true)};
constexpr Param kRotaryIn[] = {
    head("input"), {.name = "position_ids", .types = kInt64Only}, head("cos_cache"), head("sin_cache")};
constexpr Param kNBitsIn[] = {head("A"),
                              {.name = "B", .types = mask_of(DType::kUInt8)},
                              head("scales"),
                              {.name = "zero_points", .types = kHeadTypes | mask_of(DType::kUInt8), .optional = true},
                              int32s("g_idx", true),
                              head("bias", true)};
constexpr Param kBnb4In[] = {head("A"), {.name = "B", .types = mask_of(DType::kUInt8)}, head("absmax")};
constexpr Param kGatherIn[] = {{.name = "data", .types = kPacked, .variable = 'Q'},
                               {.name = "indices", .types = kIndexInts},
                               head("scales"),
                               {.name = "zero_points", .types = kPacked, .variable = 'Q', .optional = true}};
constexpr Param byte_zero(std::string_view name) {
  return {.name = name, .types = kBytes, .variable = 'T', .optional = true};
}
constexpr Param kByteBinaryIn[] = {{.name = "A", .types = kBytes, .variable = 'T'},
                                   {.name = "A_scale", .types = kFloat32Only},
                                   byte_zero("A_zero_point"),
                                   {.name = "B", .types = kBytes, .variable = 'T'},
                                   {.name = "B_scale", .types = kFloat32Only},
                                   byte_zero("B_zero_point"),
                                   {.name = "C_scale", .types = kFloat32Only},
                                   byte_zero("C_zero_point")};
constexpr Param kByteOut[] = {{.name = "C", .types = kBytes, .variable = 'T'}};
constexpr Param kCropIn[] = {{.name = "X", .types = kFloat32Only, .variable = 'T'},
                             {.name = "rois", .types = kFloat32Only, .variable = 'T'},
                             int32s("batch_indices"),
                             int32s("crop_size")};
constexpr Param kCropOut[] = {{.name = "Y", .types = kFloat32Only, .variable = 'T'}};
constexpr Param kLstmIn[] = {{.name = "X", .types = kFloat32Only},
                             {.name = "W", .types = kBytes, .variable = 'W'},
                             {.name = "R", .types = kBytes, .variable = 'W'},
                             {.name = "B", .types = kFloat32Only, .optional = true},
                             int32s("sequence_lens", true),
                             {.name = "initial_h", .types = kFloat32Only, .optional = true},
                             {.name = "initial_c", .types = kFloat32Only, .optional = true},
                             {.name = "P", .types = kFloat32Only, .optional = true},
                             {.name = "W_scale", .types = kFloat32Only},
                             {.name = "W_zero_point", .types = kBytes, .variable = 'W'},
                             {.name = "R_scale", .types = kFloat32Only},
                             {.name = "R_zero_point", .types = kBytes, .variable = 'W'}};
constexpr Param kLstmOut[] = {{.name = "Y", .types = kFloat32Only, .optional = true},
                              {.name = "Y_h", .types = kFloat32Only, .optional = true},
                              {.name = "Y_c", .types = kFloat32Only, .optional = true}};

constexpr OpDef row(std::string_view name, std::span<const Param> in, int min_inputs, std::span<const Param> out,
                    const AttrsSchema* attrs, Status (*infer)(InferContext&), Status (*eval)(KernelContext&)) {
  return {.name = name,
          .domain = Domain::kThane,
          .inputs = in,
          .min_inputs = min_inputs,
          .outputs = out,
          .min_outputs = 1,
          .attrs = attrs,
          .infer = infer,
          .eval = eval};
}

constexpr const Kernel* kNBitsKernels[] = {&kPackedNBits};
constexpr const Kernel* kGroupQueryKernels[] = {&kGroupQueryAttentionByBlocks};
constexpr const Kernel* kMultiHeadKernels[] = {&kMultiHeadAttentionByBlocks};

constexpr OpDef kOps[] = {
    row("CropAndResize", kCropIn, 4, kCropOut, &attrs_schema<CropAndResizeAttrs>, infer_crop_and_resize,
        eval_crop_and_resize),
    row("DynamicQuantizeLSTM", kLstmIn, 12, kLstmOut, &attrs_schema<QuantizedLstmAttrs>, infer_quantized_lstm,
        eval_quantized_lstm),
    row("GatherBlockQuantized", kGatherIn, 3, kFloatOut, &attrs_schema<GatherBlockQuantizedAttrs>,
        infer_gather_block_quantized, eval_gather_block_quantized),
    with_kernels(row("GroupQueryAttention", kGroupQueryIn, 7, kAttentionOut, &attrs_schema<GroupQueryAttentionAttrs>,
                     infer_group_query_attention, eval_group_query_attention),
                 kGroupQueryKernels),
    row("Inverse", kMatrixIn, 1, kMatrixOut, nullptr, infer_inverse, eval_inverse),
    row("MatMulBnb4", kBnb4In, 3, kFloatOut, &attrs_schema<MatMulBnb4Attrs>, infer_matmul_bnb4, eval_matmul_bnb4),
    with_kernels(row("MatMulNBits", kNBitsIn, 3, kFloatOut, &attrs_schema<MatMulNBitsAttrs>, infer_matmul_nbits,
                     eval_matmul_nbits),
                 kNBitsKernels),
    row("MoveAxis", kAnyIn, 1, kAnyOut, &attrs_schema<MoveAxisAttrs>, infer_move_axis, eval_move_axis),
    with_kernels(row("MultiHeadAttention", kMultiHeadIn, 1, kAttentionOut, &attrs_schema<MultiHeadAttentionAttrs>,
                     infer_multi_head_attention, eval_multi_head_attention),
                 kMultiHeadKernels),
    row("QLinearAdd", kByteBinaryIn, 7, kByteOut, nullptr, infer_quantized_binary, eval_quantized_add),
    row("QLinearMul", kByteBinaryIn, 7, kByteOut, nullptr, infer_quantized_binary, eval_quantized_mul),
    row("RotaryEmbedding", kRotaryIn, 4, kFloatOut, &attrs_schema<RotaryEmbeddingAttrs>, infer_rotary_embedding,
        eval_rotary_embedding),
};

}  // namespace

std::span<const OpDef> contrib_ops() { return kOps; }

}  // namespace thane
