// Ops along axes: reductions, positions of extremes, running sums, softmax.
#pragma once

#include "ir/context.h"
#include "ir/kernel.h"

namespace thane {

struct ReduceAttrs : Attrs {
  bool keepdims = true;
  bool noop_with_empty_axes = false;  // without axes: reduce over none instead of all
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("keepdims", self.keepdims);
    v("noop_with_empty_axes", self.noop_with_empty_axes);
  }
};

enum class Reduction { kSum, kMean, kMax, kMin, kProd, kL1, kL2, kLogSum, kLogSumExp, kSumSquare };

// Which axes of a tensor of `rank` are reduced. `axes` is what the op's second input holds, empty when absent.
Result<std::vector<bool>> reduced_axes(const ReduceAttrs& attrs, const Dims& axes, size_t rank);

// Reduces `input` into `output`, whose dtype is the same and whose elements are the kept axes' in order. float32,
// float64, int64 and uint64; sums of float32 are accumulated in float64. Of nothing: 0 for sums, 1 for products,
// infinities for Max, Min (integers: the type's limits) and logarithms, NaN for Mean (integers: 0).
void reduce_tensor(Reduction reduction, const Tensor& input, const std::vector<bool>& reduced, const Tensor& output,
                   ThreadPool& threads);

Status infer_reduction(Reduction reduction, InferContext& context);
Status eval_reduction(Reduction reduction, KernelContext& context);

struct ArgAttrs : Attrs {
  int64_t axis = 0;
  bool keepdims = true;
  bool select_last_index = false;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("axis", self.axis);
    v("keepdims", self.keepdims);
    v("select_last_index", self.select_last_index);
  }
};
Status infer_arg(InferContext& context);
Status eval_arg_max(KernelContext& context);
Status eval_arg_min(KernelContext& context);

struct CumulativeAttrs : Attrs {
  bool exclusive = false;
  bool reverse = false;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("exclusive", self.exclusive);
    v("reverse", self.reverse);
  }
};
Status infer_cumulative(InferContext& context);
Status eval_cum_sum(KernelContext& context);
Status eval_cum_prod(KernelContext& context);

struct SoftmaxAttrs : Attrs {
  int64_t axis = -1;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("axis", self.axis);
  }
};
Status infer_softmax(InferContext& context);
Status eval_softmax(KernelContext& context);
extern const Kernel kRowSoftmax;
extern const Kernel kRowMean;
extern const Kernel kRowSum;
Status eval_log_softmax(KernelContext& context);
Status eval_hardmax(KernelContext& context);

}  // namespace thane
