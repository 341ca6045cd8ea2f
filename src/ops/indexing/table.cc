#include "ops/families.h"
#include "ops/indexing/indexing.h"

namespace thane {
namespace {

constexpr Param kData{.name = "data", .types = kAnyTensor, .variable = 'T'};
constexpr Param kIndices{.name = "indices", .types = kIndexInts};
constexpr Param kInt64Indices{.name = "indices", .types = kInt64Only};
constexpr Param kUpdates{.name = "updates", .types = kAnyTensor, .variable = 'T'};
constexpr Param kFloat32{.name = "input", .types = mask_of(DType::kFloat32)};
constexpr Param kOptionalFloat32{.name = "threshold", .types = mask_of(DType::kFloat32), .optional = true};
constexpr DTypeMask kComparable = kNumeric | kBoolOnly | kStringOnly | kComplexes;

constexpr Param kIndexed[] = {kData, kIndices};
constexpr Param kIndexedByTuple[] = {kData, kInt64Indices};
constexpr Param kScattered[] = {kData, kIndices, kUpdates};
constexpr Param kScatteredByTuple[] = {kData, kInt64Indices, kUpdates};
constexpr Param kCacheIn[] = {{.name = "past_cache", .types = kAnyTensor, .variable = 'T'},
                              {.name = "update", .types = kAnyTensor, .variable = 'T'},
                              {.name = "write_indices", .types = kInt64Only, .optional = true}};
constexpr Param kOut[] = {{.name = "output", .types = kAnyTensor, .variable = 'T'}};
constexpr Param kTopKIn[] = {{.name = "X", .types = kNumeric, .variable = 'T'}, {.name = "K", .types = kInt64Only}};
constexpr Param kTopKOut[] = {{.name = "Values", .types = kNumeric, .variable = 'T'},
                              {.name = "Indices", .types = kInt64Only}};
constexpr Param kComparableIn[] = {{.name = "X", .types = kComparable, .variable = 'T'}};
constexpr Param kUniqueOut[] = {{.name = "Y", .types = kComparable, .variable = 'T'},
                                {.name = "indices", .types = kInt64Only, .optional = true},
                                {.name = "inverse_indices", .types = kInt64Only, .optional = true},
                                {.name = "counts", .types = kInt64Only, .optional = true}};
constexpr Param kIndicesOut[] = {kInt64Indices};
constexpr Param kCompressIn[] = {kData, {.name = "condition", .types = kBoolOnly}};
constexpr Param kBoxesIn[] = {kFloat32,
                              kFloat32,
                              {.name = "max_output_boxes_per_class", .types = kInt64Only, .optional = true},
                              kOptionalFloat32,
                              kOptionalFloat32};

constexpr OpDef kOps[] = {
    {.name = "Gather",
     .inputs = kIndexed,
     .min_inputs = 2,
     .outputs = kOut,
     .attrs = &attrs_schema<AxisAttrs>,
     .infer = infer_gather,
     .eval = eval_gather,
     .flags = kAnyAlignment},
    {.name = "GatherElements",
     .inputs = kIndexed,
     .min_inputs = 2,
     .outputs = kOut,
     .attrs = &attrs_schema<AxisAttrs>,
     .infer = infer_gather_elements,
     .eval = eval_gather_elements},
    {.name = "GatherND",
     .inputs = kIndexedByTuple,
     .min_inputs = 2,
     .outputs = kOut,
     .attrs = &attrs_schema<GatherNDAttrs>,
     .infer = infer_gather_nd,
     .eval = eval_gather_nd},
    {.name = "ScatterElements",
     .inputs = kScattered,
     .min_inputs = 3,
     .outputs = kOut,
     .attrs = &attrs_schema<ScatterElementsAttrs>,
     .infer = infer_scatter_elements,
     .eval = eval_scatter_elements},
    {.name = "ScatterND",
     .inputs = kScatteredByTuple,
     .min_inputs = 3,
     .outputs = kOut,
     .attrs = &attrs_schema<ScatterNDAttrs>,
     .infer = infer_scatter_nd,
     .eval = eval_scatter_nd},
    {.name = "TensorScatter",
     .inputs = kCacheIn,
     .min_inputs = 2,
     .outputs = kOut,
     .attrs = &attrs_schema<TensorScatterAttrs>,
     .infer = infer_tensor_scatter,
     .eval = eval_tensor_scatter},
    {.name = "TopK",
     .inputs = kTopKIn,
     .min_inputs = 2,
     .outputs = kTopKOut,
     .min_outputs = 2,
     .attrs = &attrs_schema<TopKAttrs>,
     .infer = infer_top_k,
     .eval = eval_top_k},
    {.name = "Unique",
     .inputs = kComparableIn,
     .min_inputs = 1,
     .outputs = kUniqueOut,
     .attrs = &attrs_schema<UniqueAttrs>,
     .infer = infer_unique,
     .eval = eval_unique},
    {.name = "NonZero",
     .inputs = kComparableIn,
     .min_inputs = 1,
     .outputs = kIndicesOut,
     .infer = infer_non_zero,
     .eval = eval_non_zero},
    {.name = "Compress",
     .inputs = kCompressIn,
     .min_inputs = 2,
     .outputs = kOut,
     .attrs = &attrs_schema<CompressAttrs>,
     .infer = infer_compress,
     .eval = eval_compress},
    {.name = "NonMaxSuppression",
     .inputs = kBoxesIn,
     .min_inputs = 2,
     .outputs = kIndicesOut,
     .attrs = &attrs_schema<NonMaxSuppressionAttrs>,
     .infer = infer_non_max_suppression,
     .eval = eval_non_max_suppression,
     .flags = kHeavy},
};

}  // namespace

std::span<const OpDef> indexing_ops() { return kOps; }

}  // namespace thane
