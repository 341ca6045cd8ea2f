// Hash tables; domain kThane.
#include "ops/families.h"
#include "ops/lookup/lookup.h"

namespace thane {
namespace {

constexpr Param kInputs[] = {{.name = "keys", .types = kStringOnly | kInts | kBoolOnly},
                             {.name = "default", .types = kAnyTensor}};
constexpr Param kOutput[] = {{.name = "values", .types = kAnyTensor}};

constexpr OpDef kOps[] = {
    {.name = "TableLookup",
     .domain = Domain::kThane,
     .inputs = kInputs,
     .min_inputs = 2,
     .outputs = kOutput,
     .attrs = &attrs_schema<TableLookupAttrs>,
     .infer = infer_table_lookup,
     .eval = eval_table_lookup},
};

}  // namespace

std::span<const OpDef> lookup_ops() { return kOps; }

}  // namespace thane
