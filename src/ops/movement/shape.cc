// Shape and Size: dimensions as values, symbolic ones included.
#include <algorithm>

#include "ops/movement/movement.h"

namespace thane {
namespace {

// A start or end as Python slices take it: negative from the back, clamped to [0, rank].
size_t clamp_index(int64_t index, size_t rank) {
  const auto r = static_cast<int64_t>(rank);
  if (index < 0) index = std::max(index, -r) + r;
  return static_cast<size_t>(std::min(index, r));
}

struct AxisRange {
  size_t begin, end;
};
AxisRange shape_range(const ShapeAttrs& attrs, size_t rank) {
  const size_t begin = clamp_index(attrs.start, rank);
  const size_t end = attrs.end ? clamp_index(*attrs.end, rank) : rank;
  return {begin, std::max(begin, end)};
}

}  // namespace

Status infer_shape(InferContext& context) {
  const SymDims* dims = context.dims(0);
  if (!dims) return context.set(0, DType::kInt64, SymDims(1)), ok();
  const auto [begin, end] = shape_range(context.attrs<ShapeAttrs>(), dims->size());
  context.set(0, DType::kInt64, SymDims{static_cast<int64_t>(end - begin)});
  context.set_dim_values(
      0, DimValues(dims->begin() + static_cast<ptrdiff_t>(begin), dims->begin() + static_cast<ptrdiff_t>(end)));
  return ok();
}

Status eval_shape(KernelContext& context) {
  const Tensor& input = context.input(0);
  const auto [begin, end] = shape_range(context.attrs<ShapeAttrs>(), input.rank());
  for (size_t i = begin; i < end; ++i) context.output(0).data<int64_t>()[i - begin] = input.dim(i);
  return ok();
}

Status infer_size(InferContext& context) {
  context.set(0, DType::kInt64, SymDims{});
  if (const SymDims* dims = context.dims(0)) context.set_dim_values(0, {count_of(*dims)});
  return ok();
}

Status eval_size(KernelContext& context) {
  *context.output(0).data<int64_t>() = context.input(0).size();
  return ok();
}

}  // namespace thane
