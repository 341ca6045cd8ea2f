// Rows by group, counts, positions in sorted lists; domain kThane.
#include "ops/families.h"
#include "ops/segment/segment.h"

namespace thane {
namespace {

constexpr Param kSegmentIn[] = {{.name = "data", .types = kNumeric, .variable = 'T'},
                                {.name = "ids", .types = kIndexInts},
                                {.name = "count", .types = kIndexInts}};
constexpr Param kBincountIn[] = {{.name = "values", .types = kIndexInts},
                                 {.name = "size", .types = kIndexInts},
                                 {.name = "weights", .types = kNumeric, .variable = 'T'}};
constexpr Param kNumericOut[] = {{.name = "output", .types = kNumeric, .variable = 'T'}};
constexpr Param kSortedIn[] = {{.name = "sorted", .types = kNumeric, .variable = 'T'},
                               {.name = "values", .types = kNumeric, .variable = 'T'}};
constexpr Param kPositions[] = {{.name = "positions", .types = kInt64Only}};

constexpr OpDef kOps[] = {
    {.name = "SegmentReduce",
     .domain = Domain::kThane,
     .inputs = kSegmentIn,
     .min_inputs = 3,
     .outputs = kNumericOut,
     .attrs = &attrs_schema<SegmentReduceAttrs>,
     .infer = infer_segment_reduce,
     .eval = eval_segment_reduce,
     .flags = kHeavy},
    {.name = "Bincount",
     .domain = Domain::kThane,
     .inputs = kBincountIn,
     .min_inputs = 3,
     .outputs = kNumericOut,
     .attrs = &attrs_schema<BincountAttrs>,
     .infer = infer_bincount,
     .eval = eval_bincount,
     .flags = kHeavy},
    {.name = "SearchSorted",
     .domain = Domain::kThane,
     .inputs = kSortedIn,
     .min_inputs = 2,
     .outputs = kPositions,
     .attrs = &attrs_schema<SearchSortedAttrs>,
     .infer = infer_search_sorted,
     .eval = eval_search_sorted},
};

}  // namespace

std::span<const OpDef> segment_ops() { return kOps; }

}  // namespace thane
