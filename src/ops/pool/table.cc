// Poolings.
#include "ops/families.h"
#include "ops/pool/kernels.h"
#include "ops/pool/pool.h"

namespace thane {
namespace {

constexpr DTypeMask kPooled = kFloats | mask_of(DType::kInt8, DType::kUInt8);
constexpr Param kX[] = {{.name = "X", .types = kFloats, .variable = 'T'}};
constexpr Param kY[] = {{.name = "Y", .types = kFloats, .variable = 'T'}};
constexpr Param kMaxPoolX[] = {{.name = "X", .types = kPooled, .variable = 'T'}};
constexpr Param kMaxPoolY[] = {{.name = "Y", .types = kPooled, .variable = 'T'},
                               {.name = "Indices", .types = kInt64Only, .optional = true}};
constexpr Param kUnpoolInputs[] = {{.name = "X", .types = kPooled, .variable = 'T'},
                                   {.name = "I", .types = kInt64Only},
                                   {.name = "output_shape", .types = kInt64Only, .optional = true}};
constexpr Param kUnpoolOutputs[] = {{.name = "output", .types = kPooled, .variable = 'T'}};
constexpr Param kRoiPoolInputs[] = {{.name = "X", .types = kFloats, .variable = 'T'},
                                    {.name = "rois", .types = kFloats, .variable = 'T'}};
constexpr Param kRoiAlignInputs[] = {{.name = "X", .types = kFloats, .variable = 'T'},
                                     {.name = "rois", .types = kFloats, .variable = 'T'},
                                     {.name = "batch_indices", .types = kInt64Only}};

constexpr const Kernel* kMaxPoolKernels[] = {&kRowMaxPool};
constexpr const Kernel* kAveragePoolKernels[] = {&kRowAveragePool};
constexpr const Kernel* kGlobalMaxPoolKernels[] = {&kRowGlobalMaxPool};
constexpr const Kernel* kGlobalAveragePoolKernels[] = {&kRowGlobalAveragePool};

constexpr OpDef kOps[] = {
    {.name = "MaxPool",
     .inputs = kMaxPoolX,
     .min_inputs = 1,
     .outputs = kMaxPoolY,
     .attrs = &attrs_schema<MaxPoolAttrs>,
     .infer = infer_max_pool,
     .eval = eval_max_pool,
     .kernels = kMaxPoolKernels,
     .flags = kHeavy},
    {.name = "AveragePool",
     .inputs = kX,
     .min_inputs = 1,
     .outputs = kY,
     .attrs = &attrs_schema<AveragePoolAttrs>,
     .infer = infer_average_pool,
     .eval = eval_average_pool,
     .kernels = kAveragePoolKernels,
     .flags = kHeavy},
    {.name = "LpPool",
     .inputs = kX,
     .min_inputs = 1,
     .outputs = kY,
     .attrs = &attrs_schema<LpPoolAttrs>,
     .infer = infer_lp_pool,
     .eval = eval_lp_pool,
     .flags = kHeavy},
    {.name = "GlobalAveragePool",
     .inputs = kX,
     .min_inputs = 1,
     .outputs = kY,
     .attrs = &attrs_schema<GlobalPoolAttrs>,
     .infer = infer_global_pool,
     .eval = eval_global_average_pool,
     .kernels = kGlobalAveragePoolKernels},
    {.name = "GlobalMaxPool",
     .inputs = kX,
     .min_inputs = 1,
     .outputs = kY,
     .attrs = &attrs_schema<GlobalPoolAttrs>,
     .infer = infer_global_pool,
     .eval = eval_global_max_pool,
     .kernels = kGlobalMaxPoolKernels},
    {.name = "GlobalLpPool",
     .inputs = kX,
     .min_inputs = 1,
     .outputs = kY,
     .attrs = &attrs_schema<GlobalLpPoolAttrs>,
     .infer = infer_global_lp_pool,
     .eval = eval_global_lp_pool},
    {.name = "MaxUnpool",
     .inputs = kUnpoolInputs,
     .min_inputs = 2,
     .outputs = kUnpoolOutputs,
     .attrs = &attrs_schema<MaxUnpoolAttrs>,
     .infer = infer_max_unpool,
     .eval = eval_max_unpool},
    {.name = "MaxRoiPool",
     .inputs = kRoiPoolInputs,
     .min_inputs = 2,
     .outputs = kY,
     .attrs = &attrs_schema<MaxRoiPoolAttrs>,
     .infer = infer_max_roi_pool,
     .eval = eval_max_roi_pool,
     .flags = kHeavy},
    {.name = "RoiAlign",
     .inputs = kRoiAlignInputs,
     .min_inputs = 3,
     .outputs = kY,
     .attrs = &attrs_schema<RoiAlignAttrs>,
     .infer = infer_roi_align,
     .eval = eval_roi_align,
     .flags = kHeavy},
};

}  // namespace

std::span<const OpDef> pool_ops() { return kOps; }

}  // namespace thane
