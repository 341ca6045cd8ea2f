// Transpose: output axis i is input axis perm[i].
#include "base/format.h"
#include "kernels/copy.h"
#include "ops/movement/movement.h"

namespace thane {

Result<std::vector<size_t>> transpose_permutation(const TransposeAttrs& attrs, size_t rank) {
  if (!attrs.perm) {
    std::vector<size_t> reversed(rank);
    for (size_t i = 0; i < rank; ++i) reversed[i] = rank - 1 - i;
    return reversed;
  }
  if (attrs.perm->size() != rank) {
    return invalid_model(format("perm {} has the wrong length", to_string(*attrs.perm)))
        .expecting(format("{}, the rank of the input", rank));
  }
  return normalize_axes(*attrs.perm, rank, "perm");
}

Status infer_transpose(InferContext& context) {
  const SymDims* dims = context.dims(0);
  if (!dims) return context.set(0, context.dtype(0)), ok();
  THANE_ASSIGN(const auto perm, transpose_permutation(context.attrs<TransposeAttrs>(), dims->size()));
  SymDims out;
  for (size_t axis : perm) out.push_back((*dims)[axis]);
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_transpose(KernelContext& context) {
  const Tensor& input = context.input(0);
  Tensor& output = context.output(0);
  THANE_ASSIGN(const auto perm, transpose_permutation(context.attrs<TransposeAttrs>(), input.rank()));
  const Dims strides = row_major_strides(input.dims());
  Dims permuted(perm.size());
  for (size_t i = 0; i < perm.size(); ++i) permuted[i] = strides[perm[i]];
  copy_strided(input.dtype(), output.dims(), input.raw(), permuted, output.raw(), row_major_strides(output.dims()),
               context.threads());
  return ok();
}

}  // namespace thane
