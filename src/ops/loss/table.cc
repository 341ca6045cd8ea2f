// NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss.
#include "ops/families.h"
#include "ops/loss/loss.h"

namespace thane {
namespace {

constexpr Param kInputs[] = {{.name = "scores", .types = kFloats, .variable = 'T'},
                             {.name = "labels", .types = kIndexInts},
                             {.name = "weights", .types = kFloats, .variable = 'T', .optional = true}};
constexpr Param kLoss[] = {{.name = "loss", .types = kFloats, .variable = 'T'}};
constexpr Param kLossAndLogarithms[] = {{.name = "output", .types = kFloats, .variable = 'T'},
                                        {.name = "log_prob", .types = kFloats, .variable = 'T', .optional = true}};

constexpr OpDef kOps[] = {
    {.name = "NegativeLogLikelihoodLoss",
     .inputs = kInputs,
     .min_inputs = 2,
     .outputs = kLoss,
     .attrs = &attrs_schema<LossAttrs>,
     .infer = infer_negative_log_likelihood,
     .eval = eval_negative_log_likelihood},
    {.name = "SoftmaxCrossEntropyLoss",
     .inputs = kInputs,
     .min_inputs = 2,
     .outputs = kLossAndLogarithms,
     .attrs = &attrs_schema<LossAttrs>,
     .infer = infer_softmax_cross_entropy,
     .eval = eval_softmax_cross_entropy},
};

}  // namespace

std::span<const OpDef> loss_ops() { return kOps; }

}  // namespace thane
