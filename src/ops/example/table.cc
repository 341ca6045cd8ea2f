// tf.Example messages; domain kThane.
#include "ops/example/example.h"
#include "ops/families.h"

namespace thane {
namespace {

constexpr Param kInputs[] = {{.name = "serialized", .types = kStringOnly},
                             {.name = "defaults", .types = kStringOnly | mask_of(DType::kFloat32, DType::kInt64)}};
constexpr Param kOutputs[] = {{.name = "outputs", .types = kStringOnly | mask_of(DType::kFloat32) | kIndexInts}};

constexpr OpDef kOps[] = {
    {.name = "ParseExample",
     .domain = Domain::kThane,
     .inputs = kInputs,
     .min_inputs = 1,
     .input_arity = Arity::kVariadic,
     .outputs = kOutputs,
     .output_arity = Arity::kVariadic,
     .attrs = &attrs_schema<ParseExampleAttrs>,
     .infer = infer_parse_example,
     .eval = eval_parse_example},
};

}  // namespace

std::span<const OpDef> example_ops() { return kOps; }

}  // namespace thane
