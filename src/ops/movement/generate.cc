// Tensors made from a shape or from indices: ConstantOfShape, EyeLike, OneHot.
#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "kernels/copy.h"
#include "ops/movement/movement.h"
#include "ops/shape_values.h"

namespace thane {

Status infer_constant_of_shape(InferContext& context) {
  const Tensor& value = context.attrs<ConstantOfShapeAttrs>().value;
  if (value.defined() && value.size() != 1) {
    return invalid_model(format("the value has {} elements", value.size())).expecting("1");
  }
  const DType dtype = value.defined() ? value.dtype() : DType::kFloat32;
  THANE_ASSIGN(auto shape, known_dims(context, 0, "the shape"));
  if (!shape) {
    const auto rank = known_length(context, 0);
    return context.set(0, dtype, rank ? std::optional(SymDims(*rank)) : std::nullopt), ok();
  }
  for (const Dim& dim : *shape) {
    if (dim.is_number() && dim.number() < 0) return invalid_model(format("the shape is {}", to_string(*shape)));
  }
  context.set(0, dtype, std::move(*shape));
  return ok();
}

Status eval_constant_of_shape(KernelContext& context) {
  const Tensor& value = context.attrs<ConstantOfShapeAttrs>().value;
  Tensor& output = context.output(0);
  if (!value.defined()) {
    fill_zero(output.dtype(), output.raw(), output.size());
  } else if (value.aligned()) {
    fill_elements(output.dtype(), value.raw(), output.raw(), output.size());
  } else {
    THANE_ASSIGN(const Tensor copy, value.copy());
    fill_elements(output.dtype(), copy.raw(), output.raw(), output.size());
  }
  return ok();
}

Status infer_eye_like(InferContext& context) {
  const DType dtype = context.attrs<EyeLikeAttrs>().dtype.value_or(context.dtype(0));
  constexpr DTypeMask kAllowed = kNumeric | kBoolOnly;
  if (dtype != DType::kUndefined && !(mask_of(dtype) & kAllowed)) {
    return invalid_model(format("dtype is {}", dtype_name(dtype))).expecting(dtype_mask_names(kAllowed));
  }
  const SymDims* dims = context.dims(0);
  if (dims && dims->size() != 2) {
    return invalid_model(format("the input has the shape {}", to_string(*dims))).expecting("rank 2");
  }
  context.set(0, dtype, dims ? *dims : SymDims(2));
  return ok();
}

Status eval_eye_like(KernelContext& context) {
  Tensor& output = context.output(0);
  fill_zero(output.dtype(), output.raw(), output.size());
  const int64_t rows = output.dim(0), columns = output.dim(1);
  const int64_t k = std::clamp(context.attrs<EyeLikeAttrs>().k, -rows, columns);
  dispatch<float, double, Half, BFloat16, int64_t, int32_t, int16_t, int8_t, uint8_t, uint16_t, uint32_t, uint64_t,
           bool>(output.dtype(), [&]<class T>() {
    T* out = output.data<T>();
    for (int64_t row = std::max<int64_t>(0, -k); row < rows && row + k < columns; ++row) {
      out[row * columns + row + k] = T(1);
    }
  });
  return ok();
}

Status infer_one_hot(InferContext& context) {
  enum { kIndices, kDepth, kValues };
  Dim depth;
  if (const Tensor* value = context.value(kDepth)) {
    if (value->size() != 1) return invalid_model(format("depth has {} elements", value->size())).expecting("1");
    depth = value->as_int64(0);
    if (depth.number() < 0) return invalid_model(format("depth is {}", depth.number()));
  } else if (const auto values = context.dim_values(kDepth); values && values->size() == 1) {
    depth = (*values)[0];
  }
  if (const SymDims* values = context.dims(kValues)) {
    const Dim count = count_of(*values);
    if (count.is_number() && !count.is_number(2)) {
      return invalid_model(format("{} values", count.number())).expecting("2, [off, on]");
    }
  }
  const SymDims* indices = context.dims(kIndices);
  if (!indices) return context.set(0, context.dtype(kValues)), ok();
  SymDims out = *indices;
  THANE_ASSIGN(const size_t axis, normalize_axis(context.attrs<OneHotAttrs>().axis, out.size() + 1));
  out.insert(out.begin() + static_cast<ptrdiff_t>(axis), depth);
  context.set(0, context.dtype(kValues), std::move(out));
  return ok();
}

Status eval_one_hot(KernelContext& context) {
  const Tensor& indices = context.input(0);
  const Tensor& values = context.input(2);
  Tensor& output = context.output(0);
  if (values.size() != 2) return runtime_error(format("{} values", values.size())).expecting("2, [off, on]");
  THANE_ASSIGN(const size_t axis, normalize_axis(context.attrs<OneHotAttrs>().axis, output.rank()));
  fill_elements(output.dtype(), values.raw(), output.raw(), output.size());
  const int64_t depth = output.dim(axis);
  int64_t inner = 1;
  for (size_t i = axis; i < indices.rank(); ++i) inner *= indices.dim(i);
  const void* on = element(values.dtype(), values.raw(), 1);
  for (int64_t i = 0; i < indices.size(); ++i) {
    int64_t index = indices.as_int64(i);
    if (index < 0) index += depth;
    if (index < 0 || index >= depth) continue;  // such rows stay off
    const int64_t place = (i / inner * depth + index) * inner + i % inner;
    copy_elements(output.dtype(), on, element(output.dtype(), output.raw(), place), 1);
  }
  return ok();
}

}  // namespace thane
