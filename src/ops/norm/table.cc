// Normalizations.
#include "ops/families.h"
#include "ops/norm/kernels.h"
#include "ops/norm/norm.h"

namespace thane {
namespace {

constexpr Param kX[] = {{.name = "X", .types = kFloats, .variable = 'T'}};
constexpr Param kY[] = {{.name = "Y", .types = kFloats, .variable = 'T'}};
constexpr Param kXScaleBias[] = {{.name = "X", .types = kFloats, .variable = 'T'},
                                 {.name = "scale", .types = kFloats, .variable = 'T'},
                                 {.name = "B", .types = kFloats, .variable = 'T'}};
constexpr Param kLayerInputs[] = {{.name = "X", .types = kFloats, .variable = 'T'},
                                  {.name = "Scale", .types = kFloats, .variable = 'T'},
                                  {.name = "B", .types = kFloats, .variable = 'T', .optional = true}};
constexpr Param kLayerOutputs[] = {{.name = "Y", .types = kFloats, .variable = 'T'},
                                   {.name = "Mean", .types = kFloats, .variable = 'U', .optional = true},
                                   {.name = "InvStdDev", .types = kFloats, .variable = 'U', .optional = true}};
constexpr Param kRmsInputs[] = {{.name = "X", .types = kFloats, .variable = 'T'},
                                {.name = "scale", .types = kFloats, .variable = 'V'}};
constexpr Param kRmsOutputs[] = {{.name = "Y", .types = kFloats, .variable = 'V'}};
constexpr Param kBatchInputs[] = {{.name = "X", .types = kFloats, .variable = 'T'},
                                  {.name = "scale", .types = kFloats, .variable = 'U'},
                                  {.name = "B", .types = kFloats, .variable = 'U'},
                                  {.name = "input_mean", .types = kFloats, .variable = 'V'},
                                  {.name = "input_var", .types = kFloats, .variable = 'V'}};
constexpr Param kBatchOutputs[] = {{.name = "Y", .types = kFloats, .variable = 'T'},
                                   {.name = "running_mean", .types = kFloats, .variable = 'V', .optional = true},
                                   {.name = "running_var", .types = kFloats, .variable = 'V', .optional = true}};

constexpr const Kernel* kLayerNormKernels[] = {&kRowLayerNorm};
constexpr const Kernel* kRmsNormKernels[] = {&kRowRmsNorm};

constexpr OpDef kOps[] = {
    {.name = "BatchNormalization",
     .inputs = kBatchInputs,
     .min_inputs = 5,
     .outputs = kBatchOutputs,
     .attrs = &attrs_schema<BatchNormalizationAttrs>,
     .infer = infer_batch_normalization,
     .eval = eval_batch_normalization},
    {.name = "InstanceNormalization",
     .inputs = kXScaleBias,
     .min_inputs = 3,
     .outputs = kY,
     .attrs = &attrs_schema<InstanceNormalizationAttrs>,
     .infer = infer_instance_normalization,
     .eval = eval_instance_normalization},
    {.name = "GroupNormalization",
     .inputs = kXScaleBias,
     .min_inputs = 3,
     .outputs = kY,
     .attrs = &attrs_schema<GroupNormalizationAttrs>,
     .infer = infer_group_normalization,
     .eval = eval_group_normalization},
    {.name = "LayerNormalization",
     .inputs = kLayerInputs,
     .min_inputs = 2,
     .outputs = kLayerOutputs,
     .attrs = &attrs_schema<RowNormalizationAttrs>,
     .infer = infer_layer_normalization,
     .eval = eval_layer_normalization,
     .kernels = kLayerNormKernels},
    {.name = "RMSNormalization",
     .inputs = kRmsInputs,
     .min_inputs = 2,
     .outputs = kRmsOutputs,
     .attrs = &attrs_schema<RowNormalizationAttrs>,
     .infer = infer_rms_normalization,
     .eval = eval_rms_normalization,
     .kernels = kRmsNormKernels},
    {.name = "MeanVarianceNormalization",
     .inputs = kX,
     .min_inputs = 1,
     .outputs = kY,
     .attrs = &attrs_schema<MeanVarianceNormalizationAttrs>,
     .infer = infer_mean_variance_normalization,
     .eval = eval_mean_variance_normalization},
    {.name = "LpNormalization",
     .inputs = kX,
     .min_inputs = 1,
     .outputs = kY,
     .attrs = &attrs_schema<LpNormalizationAttrs>,
     .infer = infer_lp_normalization,
     .eval = eval_lp_normalization},
};

}  // namespace

std::span<const OpDef> norm_ops() { return kOps; }

}  // namespace thane
