// Losses of classification.
#pragma once

#include "ir/context.h"

namespace thane {

enum class LossReduction : uint8_t { kNone, kSum, kMean };
inline constexpr std::string_view kLossReductions[] = {"none", "sum", "mean"};

// Of both ops.
struct LossAttrs : Attrs {
  std::optional<int64_t> ignore_index;  // samples with this label count for nothing
  LossReduction reduction = LossReduction::kMean;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("ignore_index", self.ignore_index);
    v.choice("reduction", self.reduction, kLossReductions);
  }
};

// −weight[label] · logarithm[label] over logarithms of probabilities [batch, classes, …] and labels [batch, …]; the
// mean divides by the sum of the weights used.
Status infer_negative_log_likelihood(InferContext& context);
Status eval_negative_log_likelihood(KernelContext& context);

// The same on scores whose softmax over the classes gives the probabilities; output 1 is its logarithm.
Status infer_softmax_cross_entropy(InferContext& context);
Status eval_softmax_cross_entropy(KernelContext& context);

}  // namespace thane
