#include "ops/families.h"
#include "ops/movement/movement.h"

namespace thane {
namespace {

constexpr Param kIn[] = {{.name = "input", .types = kAnyTensor, .variable = 'T'}};
constexpr Param kOut[] = {{.name = "output", .types = kAnyTensor, .variable = 'T'}};
constexpr Param kInt64Out[] = {{.name = "output", .types = kInt64Only}};
constexpr Param kAnyValueIn[] = {{.name = "input", .types = kAnyValue, .variable = 'V'}};
constexpr Param kAnyValueOut[] = {{.name = "output", .types = kAnyValue, .variable = 'V'}};
constexpr Param kShaped[] = {{.name = "data", .types = kAnyTensor, .variable = 'T'},
                             {.name = "shape", .types = kIndexInts}};
constexpr Param kWithAxes[] = {{.name = "data", .types = kAnyTensor, .variable = 'T'},
                               {.name = "axes", .types = kIndexInts, .optional = true}};
constexpr Param kSplitIn[] = {{.name = "input", .types = kAnyTensor, .variable = 'T'},
                              {.name = "split", .types = kIndexInts, .optional = true}};
constexpr Param kSliceIn[] = {{.name = "data", .types = kAnyTensor, .variable = 'T'},
                              {.name = "starts", .types = kIndexInts, .variable = 'I'},
                              {.name = "ends", .types = kIndexInts, .variable = 'I'},
                              {.name = "axes", .types = kIndexInts, .variable = 'I', .optional = true},
                              {.name = "steps", .types = kIndexInts, .variable = 'I', .optional = true}};
constexpr Param kPadIn[] = {{.name = "data", .types = kAnyTensor, .variable = 'T'},
                            {.name = "pads", .types = kInt64Only},
                            {.name = "constant_value", .types = kAnyTensor, .variable = 'T', .optional = true},
                            {.name = "axes", .types = kIndexInts, .optional = true}};
constexpr Param kShapeIn[] = {{.name = "shape", .types = kIndexInts}};
constexpr Param kNumericIn[] = {{.name = "input", .types = kNumeric | kBoolOnly}};
constexpr Param kNumericOut[] = {{.name = "output", .types = kNumeric | kBoolOnly}};
constexpr DTypeMask kRangeTypes =
    kFloats | mask_of(DType::kInt16, DType::kInt32, DType::kInt64);
constexpr Param kRangeIn[] = {{.name = "start", .types = kRangeTypes, .variable = 'T'},
                              {.name = "limit", .types = kRangeTypes, .variable = 'T'},
                              {.name = "delta", .types = kRangeTypes, .variable = 'T'}};
constexpr Param kRangeOut[] = {{.name = "output", .types = kRangeTypes, .variable = 'T'}};
constexpr Param kTriluIn[] = {{.name = "input", .types = kAnyTensor, .variable = 'T'},
                              {.name = "k", .types = kInt64Only, .optional = true}};
constexpr Param kReverseIn[] = {{.name = "input", .types = kAnyTensor, .variable = 'T'},
                                {.name = "sequence_lens", .types = kIndexInts}};
constexpr Param kOneHotIn[] = {{.name = "indices", .types = kNumeric},
                               {.name = "depth", .types = kNumeric},
                               {.name = "values", .types = kAnyTensor, .variable = 'T'}};

constexpr OpDef kOps[] = {
    {.name = "Identity", .inputs = kAnyValueIn, .min_inputs = 1, .outputs = kAnyValueOut, .infer = infer_identity,
     .eval = eval_view, .flags = kView},
    {.name = "Reshape", .inputs = kShaped, .min_inputs = 2, .outputs = kOut, .attrs = &attrs_schema<ReshapeAttrs>,
     .infer = infer_reshape, .eval = eval_view, .flags = kView},
    {.name = "Flatten", .inputs = kIn, .min_inputs = 1, .outputs = kOut, .attrs = &attrs_schema<FlattenAttrs>,
     .infer = infer_flatten, .eval = eval_view, .flags = kView},
    {.name = "Squeeze", .inputs = kWithAxes, .min_inputs = 1, .outputs = kOut, .infer = infer_squeeze,
     .eval = eval_view, .flags = kView},
    {.name = "Unsqueeze", .inputs = kWithAxes, .min_inputs = 2, .outputs = kOut, .infer = infer_unsqueeze,
     .eval = eval_view, .flags = kView},
    {.name = "Transpose", .inputs = kIn, .min_inputs = 1, .outputs = kOut, .attrs = &attrs_schema<TransposeAttrs>,
     .infer = infer_transpose, .eval = eval_transpose},
    {.name = "Expand", .inputs = kShaped, .min_inputs = 2, .outputs = kOut, .infer = infer_expand,
     .eval = eval_expand},
    {.name = "Tile", .inputs = kShaped, .min_inputs = 2, .outputs = kOut, .infer = infer_tile, .eval = eval_tile},
    {.name = "Concat", .inputs = kIn, .min_inputs = 1, .input_arity = Arity::kVariadic, .outputs = kOut,
     .attrs = &attrs_schema<ConcatAttrs>, .infer = infer_concat, .eval = eval_concat},
    {.name = "Split", .inputs = kSplitIn, .min_inputs = 1, .outputs = kOut, .output_arity = Arity::kVariadic,
     .attrs = &attrs_schema<SplitAttrs>, .infer = infer_split, .eval = eval_split},
    {.name = "Slice", .inputs = kSliceIn, .min_inputs = 3, .outputs = kOut, .infer = infer_slice, .eval = eval_slice},
    {.name = "Pad", .inputs = kPadIn, .min_inputs = 2, .outputs = kOut, .attrs = &attrs_schema<PadAttrs>,
     .infer = infer_pad, .eval = eval_pad},
    {.name = "CenterCropPad", .inputs = kShaped, .min_inputs = 2, .outputs = kOut,
     .attrs = &attrs_schema<CenterCropPadAttrs>, .infer = infer_center_crop_pad, .eval = eval_center_crop_pad},
    {.name = "DepthToSpace", .inputs = kIn, .min_inputs = 1, .outputs = kOut,
     .attrs = &attrs_schema<DepthToSpaceAttrs>, .infer = infer_depth_to_space, .eval = eval_depth_to_space},
    {.name = "SpaceToDepth", .inputs = kIn, .min_inputs = 1, .outputs = kOut,
     .attrs = &attrs_schema<SpaceToDepthAttrs>, .infer = infer_space_to_depth, .eval = eval_space_to_depth},
    {.name = "Shape", .inputs = kIn, .min_inputs = 1, .outputs = kInt64Out, .attrs = &attrs_schema<ShapeAttrs>,
     .infer = infer_shape, .eval = eval_shape},
    {.name = "Size", .inputs = kIn, .min_inputs = 1, .outputs = kInt64Out, .infer = infer_size, .eval = eval_size},
    {.name = "ConstantOfShape", .inputs = kShapeIn, .min_inputs = 1, .outputs = kOut,
     .attrs = &attrs_schema<ConstantOfShapeAttrs>, .infer = infer_constant_of_shape, .eval = eval_constant_of_shape},
    {.name = "EyeLike", .inputs = kNumericIn, .min_inputs = 1, .outputs = kNumericOut,
     .attrs = &attrs_schema<EyeLikeAttrs>, .infer = infer_eye_like, .eval = eval_eye_like},
    {.name = "Range", .inputs = kRangeIn, .min_inputs = 3, .outputs = kRangeOut, .attrs = &attrs_schema<RangeAttrs>,
     .infer = infer_range, .eval = eval_range},
    {.name = "Trilu", .inputs = kTriluIn, .min_inputs = 1, .outputs = kOut, .attrs = &attrs_schema<TriluAttrs>,
     .infer = infer_trilu, .eval = eval_trilu},
    {.name = "ReverseSequence", .inputs = kReverseIn, .min_inputs = 2, .outputs = kOut,
     .attrs = &attrs_schema<ReverseSequenceAttrs>, .infer = infer_reverse_sequence, .eval = eval_reverse_sequence},
    {.name = "OneHot", .inputs = kOneHotIn, .min_inputs = 3, .outputs = kOut, .attrs = &attrs_schema<OneHotAttrs>,
     .infer = infer_one_hot, .eval = eval_one_hot},
};

}  // namespace

std::span<const OpDef> movement_ops() { return kOps; }

}  // namespace thane
