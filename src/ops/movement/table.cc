#include "ops/families.h"
#include "ops/movement/movement.h"

namespace thane {
namespace {

constexpr Param kAny[] = {{.name = "input", .types = kAnyTensor, .variable = 'T'}};
constexpr Param kAnyOut[] = {{.name = "output", .types = kAnyTensor, .variable = 'T'}};

constexpr OpDef kOps[] = {
    {.name = "Transpose",
     .inputs = kAny,
     .min_inputs = 1,
     .outputs = kAnyOut,
     .attrs = &attrs_schema<TransposeAttrs>,
     .infer = infer_transpose,
     .eval = eval_transpose},
};

}  // namespace

std::span<const OpDef> movement_ops() { return kOps; }

}  // namespace thane
