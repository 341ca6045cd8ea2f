// The training preview domain.
#include "ops/families.h"
#include "ops/training/training.h"

namespace thane {
namespace {

constexpr DTypeMask kTypes = mask_of(DType::kFloat32, DType::kFloat64);
constexpr Param kInputs[] = {
    {.name = "R", .types = kTypes}, {.name = "T", .types = kInt64Only}, {.name = "inputs", .types = kTypes}};
constexpr Param kOutputs[] = {{.name = "outputs", .types = kTypes}};

constexpr OpDef step(std::string_view name, const AttrsSchema* attrs, Status (*infer)(InferContext&),
                     Status (*eval)(KernelContext&)) {
  return {.name = name,
          .domain = Domain::kPreview,
          .inputs = kInputs,
          .min_inputs = 3,
          .input_arity = Arity::kVariadic,
          .outputs = kOutputs,
          .output_arity = Arity::kVariadic,
          .attrs = attrs,
          .infer = infer,
          .eval = eval};
}

constexpr OpDef kOps[] = {
    step("Adagrad", &attrs_schema<AdagradAttrs>, infer_adagrad, eval_adagrad),
    step("Adam", &attrs_schema<AdamAttrs>, infer_adam, eval_adam),
    step("Momentum", &attrs_schema<MomentumAttrs>, infer_momentum, eval_momentum),
};

}  // namespace

std::span<const OpDef> training_ops() { return kOps; }

}  // namespace thane
