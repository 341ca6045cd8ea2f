// Images: resampling, local normalization, decoding.
#include "ops/families.h"
#include "ops/image/image.h"

namespace thane {
namespace {

constexpr Param kResizeInputs[] = {{.name = "X", .types = kAnyTensor, .variable = 'T'},
                                   {.name = "roi", .types = kFloats, .optional = true},
                                   {.name = "scales", .types = mask_of(DType::kFloat32), .optional = true},
                                   {.name = "sizes", .types = kInt64Only, .optional = true}};
constexpr Param kResizeOutputs[] = {{.name = "Y", .types = kAnyTensor, .variable = 'T'}};
constexpr DTypeMask kSampled = kNumeric | kBoolOnly;
constexpr Param kGridSampleInputs[] = {{.name = "X", .types = kSampled, .variable = 'T'},
                                       {.name = "grid", .types = kFloats}};
constexpr Param kGridSampleOutputs[] = {{.name = "Y", .types = kSampled, .variable = 'T'}};
constexpr Param kAffineGridInputs[] = {{.name = "theta", .types = kFloats, .variable = 'T'},
                                       {.name = "size", .types = kInt64Only}};
constexpr Param kAffineGridOutputs[] = {{.name = "grid", .types = kFloats, .variable = 'T'}};
constexpr Param kX[] = {{.name = "X", .types = kFloats, .variable = 'T'}};
constexpr Param kY[] = {{.name = "Y", .types = kFloats, .variable = 'T'}};

constexpr Param kStream[] = {{.name = "encoded_stream", .types = mask_of(DType::kUInt8)}};
constexpr Param kImage[] = {{.name = "image", .types = mask_of(DType::kUInt8)}};

constexpr OpDef kOps[] = {
    {.name = "Resize",
     .inputs = kResizeInputs,
     .min_inputs = 1,
     .outputs = kResizeOutputs,
     .attrs = &attrs_schema<ResizeAttrs>,
     .infer = infer_resize,
     .eval = eval_resize,
     .flags = kHeavy},
    {.name = "GridSample",
     .inputs = kGridSampleInputs,
     .min_inputs = 2,
     .outputs = kGridSampleOutputs,
     .attrs = &attrs_schema<GridSampleAttrs>,
     .infer = infer_grid_sample,
     .eval = eval_grid_sample},
    {.name = "AffineGrid",
     .inputs = kAffineGridInputs,
     .min_inputs = 2,
     .outputs = kAffineGridOutputs,
     .attrs = &attrs_schema<AffineGridAttrs>,
     .infer = infer_affine_grid,
     .eval = eval_affine_grid},
    {.name = "LRN",
     .inputs = kX,
     .min_inputs = 1,
     .outputs = kY,
     .attrs = &attrs_schema<LrnAttrs>,
     .infer = infer_lrn,
     .eval = eval_lrn,
     .flags = kHeavy},
    {.name = "ImageDecoder",
     .inputs = kStream,
     .min_inputs = 1,
     .outputs = kImage,
     .attrs = &attrs_schema<ImageDecoderAttrs>,
     .infer = infer_image_decoder,
     .eval = eval_image_decoder,
     .flags = kHeavy},
};

}  // namespace

std::span<const OpDef> image_ops() { return kOps; }

}  // namespace thane
