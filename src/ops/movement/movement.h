// Ops that move elements without computing on them. They work on every dtype by element size.
#pragma once

#include "ir/context.h"

namespace thane {

struct TransposeAttrs : Attrs {
  std::optional<Dims> perm;  // absent: axes reversed
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("perm", self.perm);
  }
};

// The permutation as axes, checked against the rank.
Result<std::vector<size_t>> transpose_permutation(const TransposeAttrs& attrs, size_t rank);

// output[i0, i1, …] = input.raw element [offset + i0·strides[0] + i1·strides[1] + …], strides in elements, of any sign or
// zero. All addressed elements must lie inside the input.
void copy_strided(const Tensor& input, const Dims& strides, int64_t offset, Tensor& output);

Status infer_transpose(InferContext& context);
Status eval_transpose(KernelContext& context);

}  // namespace thane
