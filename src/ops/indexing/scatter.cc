// ScatterElements, ScatterND, TensorScatter: a copy of the data with some elements replaced or combined. Updates are
// applied one after the other, so that a place named twice has a defined result.
#include <algorithm>

#include "base/format.h"
#include "kernels/copy.h"
#include "ops/indexing/indexing.h"
#include "ops/shape_values.h"

namespace thane {
namespace {

Status check_reduction(const InferContext& context, Reduction reduction) {
  const DType dtype = context.dtype(0);
  if (dtype == DType::kUndefined || combiner(dtype, reduction)) return ok();
  return unsupported(
      format("reduction '{}' of {}", kReductionNames[static_cast<size_t>(reduction)], dtype_name(dtype)));
}

bool differ(const Dim& a, const Dim& b) { return a.is_number() && b.is_number() && a != b; }

void set_like_data(InferContext& context) {
  const SymDims* data = context.dims(0);
  context.set(0, context.dtype(0), data ? std::optional(*data) : std::nullopt);
}

void copy_data(KernelContext& context) {
  const Tensor& data = context.input(0);
  copy_elements(data.dtype(), data.raw(), context.output(0).raw(), data.size());
}

}  // namespace

Status infer_scatter_elements(InferContext& context) {
  const auto& attrs = context.attrs<ScatterElementsAttrs>();
  THANE_TRY(check_reduction(context, attrs.reduction));
  const SymDims *data = context.dims(0), *indices = context.dims(1), *updates = context.dims(2);
  set_like_data(context);
  if (!data) return ok();
  THANE_ASSIGN(const size_t axis, normalize_axis(attrs.axis, data->size()));
  for (const SymDims* each : {indices, updates}) {
    if (each && each->size() != data->size()) {
      return invalid_model(format("indices or updates {} for data {}", to_string(*each), to_string(*data)))
          .expecting("equal ranks");
    }
  }
  if (!indices || !updates) return ok();
  for (size_t i = 0; i < data->size(); ++i) {
    const Dim &have = (*data)[i], &want = (*indices)[i];
    if (differ(want, (*updates)[i])) {
      return invalid_model(format("updates {} for indices {}", to_string(*updates), to_string(*indices)))
          .expecting("equal shapes");
    }
    if (i != axis && have.is_number() && want.is_number() && want.number() > have.number()) {
      return invalid_model(format("indices {} reach beyond data {}", to_string(*indices), to_string(*data)));
    }
  }
  return ok();
}

Status eval_scatter_elements(KernelContext& context) {
  const auto& attrs = context.attrs<ScatterElementsAttrs>();
  const Tensor& index_tensor = context.input(1);
  const Tensor& updates = context.input(2);
  Tensor& output = context.output(0);
  THANE_ASSIGN(const size_t axis, normalize_axis(attrs.axis, output.rank()));
  THANE_ASSIGN(const Dims indices, checked_indices(index_tensor, output.dim(axis)));
  copy_data(context);
  if (updates.size() == 0) return ok();
  const Dims& dims = index_tensor.dims();
  Dims strides = row_major_strides(output.dims());
  const int64_t axis_stride = strides[axis];
  strides[axis] = 0;  // that coordinate comes from the index
  const Combine combine = combiner(output.dtype(), attrs.reduction);
  const DType dtype = output.dtype();
  Dims position(dims.size(), 0);
  int64_t base = 0;
  for (int64_t i = 0; i < updates.size(); ++i) {
    const int64_t place = base + indices[static_cast<size_t>(i)] * axis_stride;
    combine(element(dtype, output.raw(), place), element(dtype, updates.raw(), i));
    for (size_t k = dims.size(); k-- > 0;) {
      base += strides[k];
      if (++position[k] < dims[k]) break;
      base -= strides[k] * dims[k];
      position[k] = 0;
    }
  }
  return ok();
}

Status infer_scatter_nd(InferContext& context) {
  THANE_TRY(check_reduction(context, context.attrs<ScatterNDAttrs>().reduction));
  const SymDims *data = context.dims(0), *indices = context.dims(1), *updates = context.dims(2);
  set_like_data(context);
  if (!data || !indices) return ok();
  if (indices->empty()) return invalid_model("scalar indices").expecting("rank 1 or more");
  const Dim& tuple = indices->back();
  if (!tuple.is_number()) return ok();
  if (tuple.number() < 0 || tuple.number() > static_cast<int64_t>(data->size())) {
    return invalid_model(
        format("indices {} name {} dimensions of {}", to_string(*indices), tuple.number(), to_string(*data)));
  }
  SymDims want(indices->begin(), indices->end() - 1);
  want.insert(want.end(), data->begin() + tuple.number(), data->end());
  if (!updates) return ok();
  bool fits = updates->size() == want.size();
  for (size_t i = 0; fits && i < want.size(); ++i) fits = !differ(want[i], (*updates)[i]);
  if (fits) return ok();
  return invalid_model(format("updates {}", to_string(*updates))).expecting(to_string(want));
}

Status eval_scatter_nd(KernelContext& context) {
  const Tensor& indices = context.input(1);
  const Tensor& updates = context.input(2);
  Tensor& output = context.output(0);
  THANE_ASSIGN(const Dims offsets, tuple_offsets(indices, output.dims(), 0));
  copy_data(context);
  if (updates.size() == 0) return ok();
  const int64_t inner = updates.size() / static_cast<int64_t>(offsets.size());
  const Reduction reduction = context.attrs<ScatterNDAttrs>().reduction;
  const Combine combine = combiner(output.dtype(), reduction);
  const DType dtype = output.dtype();
  for (size_t t = 0; t < offsets.size(); ++t) {
    const void* from = element(dtype, updates.raw(), static_cast<int64_t>(t) * inner);
    void* to = element(dtype, output.raw(), offsets[t]);
    if (reduction == Reduction::kNone) {
      copy_elements(dtype, from, to, inner);
      continue;
    }
    for (int64_t i = 0; i < inner; ++i) combine(element(dtype, to, i), element(dtype, from, i));
  }
  return ok();
}

Status infer_tensor_scatter(InferContext& context) {
  const SymDims *cache = context.dims(0), *update = context.dims(1);
  set_like_data(context);
  if (!cache) return ok();
  THANE_ASSIGN(const size_t axis, normalize_axis(context.attrs<TensorScatterAttrs>().axis, cache->size()));
  if (axis == 0) return invalid_model("axis names the batch").expecting("another dimension");
  if (const auto length = known_length(context, 2)) {
    const Dim& batch = cache->front();
    if (batch.is_number() && batch.number() != static_cast<int64_t>(*length)) {
      return invalid_model(format("{} write indices", *length)).expecting(format("{}, the batch", batch.number()));
    }
  }
  if (!update) return ok();
  bool fits = update->size() == cache->size();
  for (size_t i = 0; fits && i < cache->size(); ++i) {
    const Dim &have = (*cache)[i], &want = (*update)[i];
    if (i != axis)
      fits = !differ(have, want);
    else
      fits = !have.is_number() || !want.is_number() || want.number() <= have.number();
  }
  if (fits) return ok();
  return invalid_model(format("an update {} of a cache {}", to_string(*update), to_string(*cache)));
}

Status eval_tensor_scatter(KernelContext& context) {
  const auto& attrs = context.attrs<TensorScatterAttrs>();
  const Tensor& update = context.input(1);
  Tensor& output = context.output(0);
  THANE_ASSIGN(const size_t axis, normalize_axis(attrs.axis, output.rank()));
  copy_data(context);
  if (update.size() == 0) return ok();
  const int64_t batch = output.dim(0), longest = output.dim(axis), length = update.dim(axis);
  const Dims starts = context.has_input(2) ? ints_of(context.input(2)) : Dims(static_cast<size_t>(batch), 0);
  if (static_cast<int64_t>(starts.size()) != batch) {
    return runtime_error(format("{} write indices", starts.size())).expecting(std::to_string(batch));
  }
  const int64_t inner = row_major_strides(output.dims())[axis];
  const int64_t prefixes = output.size() / (longest * inner);
  const DType dtype = output.dtype();
  for (int64_t prefix = 0; prefix < prefixes; ++prefix) {
    int64_t start = starts[static_cast<size_t>(prefix / (prefixes / batch))];
    if (attrs.mode == CacheMode::kCircular) {
      start = ((start % longest) + longest) % longest;
    } else if (start < 0 || start > longest - length) {
      return runtime_error(format("{} elements written at index {} of {}", length, start, longest));
    }
    for (int64_t i = 0; i < length; ++i) {
      const int64_t place = (start + i) % longest;
      copy_elements(dtype, element(dtype, update.raw(), (prefix * length + i) * inner),
                    element(dtype, output.raw(), (prefix * longest + place) * inner), inner);
    }
  }
  return ok();
}

}  // namespace thane
