// Convolutions.
#include "ops/conv/conv.h"
#include "ops/conv/kernels.h"
#include "ops/families.h"

namespace thane {
namespace {

constexpr Param kConvInputs[] = {{.name = "X", .types = kFloats, .variable = 'T'},
                                 {.name = "W", .types = kFloats, .variable = 'T'},
                                 {.name = "B", .types = kFloats, .variable = 'T', .optional = true}};
constexpr Param kConvOutputs[] = {{.name = "Y", .types = kFloats, .variable = 'T'}};

constexpr DTypeMask kFloat32 = mask_of(DType::kFloat32);
constexpr Param kFusedConvInputs[] = {{.name = "X", .types = kFloat32},
                                      {.name = "W", .types = kFloat32},
                                      {.name = "B", .types = kFloat32, .optional = true},
                                      {.name = "Z", .types = kFloat32, .optional = true}};

constexpr Param kBottleneckInputs[] = {{.name = "X", .types = kFloat32},
                                       {.name = "W1", .types = kFloat32, .optional = true},
                                       {.name = "B1", .types = kFloat32, .optional = true},
                                       {.name = "W2", .types = kFloat32},
                                       {.name = "B2", .types = kFloat32, .optional = true},
                                       {.name = "W3", .types = kFloat32, .optional = true},
                                       {.name = "B3", .types = kFloat32, .optional = true},
                                       {.name = "Z", .types = kFloat32, .optional = true}};

constexpr Param kDeformInputs[] = {{.name = "X", .types = kFloats, .variable = 'T'},
                                   {.name = "W", .types = kFloats, .variable = 'T'},
                                   {.name = "offset", .types = kFloats, .variable = 'T'},
                                   {.name = "B", .types = kFloats, .variable = 'T', .optional = true},
                                   {.name = "mask", .types = kFloats, .variable = 'T', .optional = true}};

constexpr DTypeMask kSummable = kNumeric | kComplexes;
constexpr Param kCol2ImInputs[] = {{.name = "input", .types = kSummable, .variable = 'T'},
                                   {.name = "image_shape", .types = kInt64Only},
                                   {.name = "block_shape", .types = kInt64Only}};
constexpr Param kCol2ImOutputs[] = {{.name = "output", .types = kSummable, .variable = 'T'}};

constexpr DTypeMask kCausal = mask_of(DType::kFloat32, DType::kFloat16, DType::kBFloat16);
constexpr Param kCausalInputs[] = {{.name = "input", .types = kCausal, .variable = 'T'},
                                   {.name = "weight", .types = kCausal, .variable = 'T'},
                                   {.name = "bias", .types = kCausal, .variable = 'T', .optional = true},
                                   {.name = "past_state", .types = kCausal, .variable = 'T', .optional = true}};
constexpr Param kCausalOutputs[] = {{.name = "output", .types = kCausal, .variable = 'T'},
                                    {.name = "present_state", .types = kCausal, .variable = 'T', .optional = true}};

constexpr const Kernel* kConvKernels[] = {&kDepthwiseConv, &kWinogradConv, &kIndirectConv, &kGemmConv};
constexpr const Kernel* kFusedConvKernels[] = {&kDepthwiseFusedConv, &kWinogradFusedConv, &kIndirectFusedConv,
                                               &kGemmFusedConv};
constexpr const Kernel* kBottleneckKernels[] = {&kBottleneck};
constexpr const Kernel* kConvTransposeKernels[] = {&kIndirectConvTranspose};

constexpr OpDef kOps[] = {
    {.name = "Conv",
     .inputs = kConvInputs,
     .min_inputs = 2,
     .outputs = kConvOutputs,
     .attrs = &attrs_schema<ConvAttrs>,
     .infer = infer_conv,
     .eval = eval_conv,
     .kernels = kConvKernels,
     .flags = kHeavy},
    {.name = "FusedConv",
     .domain = Domain::kThane,
     .inputs = kFusedConvInputs,
     .min_inputs = 2,
     .outputs = kConvOutputs,
     .attrs = &attrs_schema<FusedConvAttrs>,
     .infer = infer_fused_conv,
     .eval = eval_fused_conv,
     .kernels = kFusedConvKernels,
     .flags = kHeavy},
    {.name = "BottleneckConv",
     .domain = Domain::kThane,
     .inputs = kBottleneckInputs,
     .min_inputs = 4,
     .outputs = kConvOutputs,
     .attrs = &attrs_schema<BottleneckAttrs>,
     .infer = infer_bottleneck,
     .eval = eval_bottleneck,
     .kernels = kBottleneckKernels,
     .flags = kHeavy},
    {.name = "ConvTranspose",
     .inputs = kConvInputs,
     .min_inputs = 2,
     .outputs = kConvOutputs,
     .attrs = &attrs_schema<ConvTransposeAttrs>,
     .infer = infer_conv_transpose,
     .eval = eval_conv_transpose,
     .kernels = kConvTransposeKernels,
     .flags = kHeavy},
    {.name = "DeformConv",
     .inputs = kDeformInputs,
     .min_inputs = 3,
     .outputs = kConvOutputs,
     .attrs = &attrs_schema<DeformConvAttrs>,
     .infer = infer_deform_conv,
     .eval = eval_deform_conv,
     .flags = kHeavy},
    {.name = "Col2Im",
     .inputs = kCol2ImInputs,
     .min_inputs = 3,
     .outputs = kCol2ImOutputs,
     .attrs = &attrs_schema<Col2ImAttrs>,
     .infer = infer_col2im,
     .eval = eval_col2im,
     .flags = kHeavy},
    {.name = "CausalConvWithState",
     .inputs = kCausalInputs,
     .min_inputs = 2,
     .outputs = kCausalOutputs,
     .attrs = &attrs_schema<CausalConvAttrs>,
     .infer = infer_causal_conv,
     .eval = eval_causal_conv,
     .flags = kHeavy},
};

}  // namespace

std::span<const OpDef> conv_ops() { return kOps; }

}  // namespace thane
