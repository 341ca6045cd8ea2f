// Random generators and dropout.
#include "ops/families.h"
#include "ops/random/random.h"

namespace thane {
namespace {

constexpr DTypeMask kDropoutTypes = kFloats | (kFloat8s & ~mask_of(DType::kFloat8E8M0));

constexpr Param kLikeIn[] = {{.name = "input"}};
constexpr Param kFloatIn[] = {{.name = "input", .types = kFloats}};
constexpr Param kFloatOut[] = {{.name = "output", .types = kFloats}};
constexpr Param kBernoulliOut[] = {{.name = "output", .types = kNumeric | kBoolOnly}};
constexpr Param kIndexOut[] = {{.name = "output", .types = kIndexInts}};
constexpr Param kDropoutIn[] = {{.name = "data", .types = kDropoutTypes, .variable = 'T'},
                                {.name = "ratio", .types = kDropoutTypes, .optional = true},
                                {.name = "training_mode", .types = kBoolOnly, .optional = true}};
constexpr Param kDropoutOut[] = {{.name = "output", .types = kDropoutTypes, .variable = 'T'},
                                 {.name = "mask", .types = kBoolOnly, .optional = true}};

constexpr OpDef generator(std::string_view name, std::span<const Param> inputs, std::span<const Param> outputs,
                          const AttrsSchema* attrs, Status (*infer)(InferContext&), Status (*eval)(KernelContext&)) {
  return {.name = name,
          .inputs = inputs,
          .min_inputs = static_cast<int>(inputs.size()),
          .outputs = outputs,
          .attrs = attrs,
          .infer = infer,
          .eval = eval,
          .flags = kNondeterministic};
}

constexpr OpDef kOps[] = {
    generator("Bernoulli", kFloatIn, kBernoulliOut, &attrs_schema<LikeAttrs>, infer_bernoulli, eval_bernoulli),
    {.name = "Dropout",
     .inputs = kDropoutIn,
     .min_inputs = 1,
     .outputs = kDropoutOut,
     .attrs = &attrs_schema<DropoutAttrs>,
     .infer = infer_dropout,
     .eval = eval_dropout,
     .flags = kNondeterministic | kInPlace},
    generator("Multinomial", kFloatIn, kIndexOut, &attrs_schema<MultinomialAttrs>, infer_multinomial, eval_multinomial),
    generator("RandomNormal", {}, kFloatOut, &attrs_schema<NormalAttrs>, infer_random_normal, eval_random_normal),
    generator("RandomNormalLike", kLikeIn, kFloatOut, &attrs_schema<NormalLikeAttrs>, infer_random_like,
              eval_random_normal),
    generator("RandomUniform", {}, kFloatOut, &attrs_schema<UniformAttrs>, infer_random_uniform, eval_random_uniform),
    generator("RandomUniformLike", kLikeIn, kFloatOut, &attrs_schema<UniformLikeAttrs>, infer_random_like,
              eval_random_uniform),
};

}  // namespace

std::span<const OpDef> random_ops() { return kOps; }

}  // namespace thane
