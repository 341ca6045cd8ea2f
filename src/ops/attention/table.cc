// Attention in its variants, and rotary embeddings.
#include "ops/attention/attention.h"
#include "ops/attention/kernels.h"
#include "ops/families.h"

namespace thane {
namespace {

constexpr DTypeMask kMaskTypes = kNumeric | kBoolOnly;

constexpr Param kAttentionInputs[] = {{.name = "Q", .types = kFloats, .variable = 'T'},
                                      {.name = "K", .types = kFloats, .variable = 'T'},
                                      {.name = "V", .types = kFloats, .variable = 'V'},
                                      {.name = "attn_mask", .types = kMaskTypes, .optional = true},
                                      {.name = "past_key", .types = kFloats, .variable = 'T', .optional = true},
                                      {.name = "past_value", .types = kFloats, .variable = 'V', .optional = true},
                                      {.name = "nonpad_kv_seqlen", .types = kInt64Only, .optional = true}};
constexpr Param kAttentionOutputs[] = {
    {.name = "Y", .types = kFloats, .variable = 'T'},
    {.name = "present_key", .types = kFloats, .variable = 'T', .optional = true},
    {.name = "present_value", .types = kFloats, .variable = 'V', .optional = true},
    {.name = "qk_matmul_output", .types = kFloats, .variable = 'T', .optional = true}};
constexpr Param kRotaryInputs[] = {{.name = "X", .types = kFloats, .variable = 'T'},
                                   {.name = "cos_cache", .types = kFloats, .variable = 'T'},
                                   {.name = "sin_cache", .types = kFloats, .variable = 'T'},
                                   {.name = "position_ids", .types = kInt64Only, .optional = true}};
constexpr DTypeMask kSmallFloats = mask_of(DType::kFloat16, DType::kBFloat16, DType::kFloat32);
constexpr Param kLinearInputs[] = {{.name = "query", .types = kSmallFloats, .variable = 'T'},
                                   {.name = "key", .types = kSmallFloats, .variable = 'T'},
                                   {.name = "value", .types = kSmallFloats, .variable = 'T'},
                                   {.name = "past_state", .types = kSmallFloats, .variable = 'S', .optional = true},
                                   {.name = "decay", .types = kSmallFloats, .variable = 'T', .optional = true},
                                   {.name = "beta", .types = kSmallFloats, .variable = 'T', .optional = true}};
constexpr Param kLinearOutputs[] = {{.name = "output", .types = kSmallFloats, .variable = 'T'},
                                    {.name = "present_state", .types = kSmallFloats, .variable = 'S'}};
constexpr Param kFlexInputs[] = {{.name = "Q", .types = kFloats, .variable = 'T'},
                                 {.name = "K", .types = kFloats, .variable = 'T'},
                                 {.name = "V", .types = kFloats, .variable = 'T'}};
constexpr Param kY[] = {{.name = "Y", .types = kFloats, .variable = 'T'}};
constexpr std::string_view kFlexBodies[] = {"score_mod", "prob_mod"};

constexpr const Kernel* kAttentionKernels[] = {&kHeadsAttention};

constexpr OpDef kOps[] = {
    {.name = "Attention",
     .inputs = kAttentionInputs,
     .min_inputs = 3,
     .outputs = kAttentionOutputs,
     .attrs = &attrs_schema<AttentionAttrs>,
     .infer = infer_attention,
     .eval = eval_attention,
     .kernels = kAttentionKernels},
    {.name = "RotaryEmbedding",
     .inputs = kRotaryInputs,
     .min_inputs = 3,
     .outputs = kY,
     .attrs = &attrs_schema<RotaryAttrs>,
     .infer = infer_rotary_embedding,
     .eval = eval_rotary_embedding},
    {.name = "LinearAttention",
     .inputs = kLinearInputs,
     .min_inputs = 3,
     .outputs = kLinearOutputs,
     .attrs = &attrs_schema<LinearAttentionAttrs>,
     .infer = infer_linear_attention,
     .eval = eval_linear_attention},
    {.name = "FlexAttention",
     .domain = Domain::kPreview,
     .inputs = kFlexInputs,
     .min_inputs = 3,
     .outputs = kY,
     .attrs = &attrs_schema<FlexAttentionAttrs>,
     .subgraphs = kFlexBodies,
     .optional_subgraphs = true,
     .infer = infer_flex_attention,
     .eval = eval_flex_attention},
};

}  // namespace

std::span<const OpDef> attention_ops() { return kOps; }

}  // namespace thane
