// Rows of a tensor reduced by group, counts, and positions in sorted lists.
#pragma once

#include "ir/context.h"

namespace thane {

enum class SegmentReduction : uint8_t { kSum, kMean, kSqrtN, kMax, kMin, kProd };
inline constexpr std::string_view kSegmentReductionNames[] = {"sum", "mean", "sqrtn", "max", "min", "prod"};

// output[s] reduces the rows of `data` whose id is s. Ids (of the shape of data's leading axes) outside [0, count) are
// left out. A group without rows gets the reduction's neutral element, or 0.
struct SegmentReduceAttrs : Attrs {
  SegmentReduction reduction = SegmentReduction::kSum;
  bool empty_is_zero = false;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.choice("reduction", self.reduction, kSegmentReductionNames);
    v("empty_is_zero", self.empty_is_zero);
  }
};
Status infer_segment_reduce(InferContext& context);
Status eval_segment_reduce(KernelContext& context);

// How often each number in [0, size) occurs, or the sum of its weights; per row for matrices. Numbers ≥ size do not
// count.
struct BincountAttrs : Attrs {
  bool binary_output = false;  // 1 where it occurs at all
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("binary_output", self.binary_output);
  }
};
Status infer_bincount(InferContext& context);
Status eval_bincount(KernelContext& context);

// For each value the first position in its (sorted) row whose element is not less — or, on the right, greater.
struct SearchSortedAttrs : Attrs {
  bool right = false;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("right", self.right);
  }
};
Status infer_search_sorted(InferContext& context);
Status eval_search_sorted(KernelContext& context);

}  // namespace thane
