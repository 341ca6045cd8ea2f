// Gather, GatherElements, GatherND.
#include <algorithm>

#include "base/format.h"
#include "kernels/copy.h"
#include "ops/indexing/indexing.h"
#include "ops/shape_values.h"

namespace thane {
namespace {

// Shape contents picked by known indices.
std::optional<DimValues> picked_values(const InferContext& context, const SymDims& indices) {
  const auto values = context.dim_values(0);
  const auto numbers = context.ints(1);
  if (!values || !numbers || indices.size() > 1) return std::nullopt;
  const auto size = static_cast<int64_t>(values->size());
  DimValues picked;
  for (int64_t index : *numbers) {
    if (index < -size || index >= size) return std::nullopt;
    picked.push_back((*values)[static_cast<size_t>(index < 0 ? index + size : index)]);
  }
  return picked;
}

constexpr int64_t kBytesPerRange = 32 << 10;

}  // namespace

Status infer_gather(InferContext& context) {
  const SymDims* data = context.dims(0);
  const SymDims* indices = context.dims(1);
  if (!data) return context.set(0, context.dtype(0)), ok();
  THANE_ASSIGN(const size_t axis, normalize_axis(context.attrs<AxisAttrs>().axis, data->size()));
  if (!indices) return context.set(0, context.dtype(0)), ok();
  const auto at = data->begin() + static_cast<ptrdiff_t>(axis);
  SymDims out(data->begin(), at);
  out.insert(out.end(), indices->begin(), indices->end());
  out.insert(out.end(), at + 1, data->end());
  if (data->size() == 1) {
    if (auto values = picked_values(context, *indices)) context.set_dim_values(0, std::move(*values));
  }
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_gather(KernelContext& context) {
  const Tensor& data = context.input(0);
  Tensor& output = context.output(0);
  THANE_ASSIGN(const size_t axis, normalize_axis(context.attrs<AxisAttrs>().axis, data.rank()));
  const int64_t size = data.dim(axis);
  THANE_ASSIGN(const Dims indices, checked_indices(context.input(1), size));
  if (output.size() == 0) return ok();
  const int64_t inner = row_major_strides(data.dims())[axis];
  const auto count = static_cast<int64_t>(indices.size());
  const DType dtype = data.dtype();
  const int64_t run_bytes = inner * static_cast<int64_t>(dtype_size(dtype));
  context.threads().parallel_for(output.size() / inner, kBytesPerRange / run_bytes, [&](int64_t begin, int64_t end) {
    for (int64_t run = begin; run < end; ++run) {
      const int64_t source = run / count * size + indices[static_cast<size_t>(run % count)];
      copy_elements(dtype, element(dtype, data.raw(), source * inner), element(dtype, output.raw(), run * inner),
                    inner);
    }
  });
  return ok();
}

Status infer_gather_elements(InferContext& context) {
  const SymDims* data = context.dims(0);
  const SymDims* indices = context.dims(1);
  if (data && indices) {
    if (data->size() != indices->size()) {
      return invalid_model(format("indices of rank {} into data of rank {}", indices->size(), data->size()));
    }
    THANE_ASSIGN(const size_t axis, normalize_axis(context.attrs<AxisAttrs>().axis, data->size()));
    for (size_t i = 0; i < data->size(); ++i) {
      const Dim &want = (*indices)[i], &have = (*data)[i];
      if (i == axis || !want.is_number() || !have.is_number() || want.number() <= have.number()) continue;
      return invalid_model(format("indices {} reach beyond data {}", to_string(*indices), to_string(*data)));
    }
  }
  context.set(0, context.dtype(0), indices ? std::optional(*indices) : std::nullopt);
  return ok();
}

Status eval_gather_elements(KernelContext& context) {
  const Tensor& data = context.input(0);
  const Tensor& index_tensor = context.input(1);
  Tensor& output = context.output(0);
  THANE_ASSIGN(const size_t axis, normalize_axis(context.attrs<AxisAttrs>().axis, data.rank()));
  THANE_ASSIGN(const Dims indices, checked_indices(index_tensor, data.dim(axis)));
  if (output.size() == 0) return ok();
  const Dims& dims = index_tensor.dims();
  Dims strides = row_major_strides(data.dims());
  const int64_t axis_stride = strides[axis];
  strides[axis] = 0;  // that coordinate comes from the index
  const size_t last = dims.size() - 1;
  const int64_t columns = dims[last];
  dispatch_by_size(data.dtype(), [&]<class T>() {
    const T* in = data.data<T>();
    T* out = output.data<T>();
    context.threads().parallel_for(output.size() / columns, 4096 / columns, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        int64_t base = 0;
        for (int64_t i = static_cast<int64_t>(last) - 1, rest = row; i >= 0; --i) {
          base += rest % dims[static_cast<size_t>(i)] * strides[static_cast<size_t>(i)];
          rest /= dims[static_cast<size_t>(i)];
        }
        for (int64_t c = 0; c < columns; ++c) {
          const int64_t place = row * columns + c;
          out[place] = in[base + c * strides[last] + indices[static_cast<size_t>(place)] * axis_stride];
        }
      }
    });
  });
  return ok();
}

Status infer_gather_nd(InferContext& context) {
  const SymDims* data = context.dims(0);
  const SymDims* indices = context.dims(1);
  if (!data || !indices) return context.set(0, context.dtype(0)), ok();
  if (data->empty() || indices->empty())
    return invalid_model("a scalar").expecting("data and indices of rank 1 or more");
  const int64_t batch = context.attrs<GatherNDAttrs>().batch_dims;
  if (batch < 0 || batch >= static_cast<int64_t>(std::min(data->size(), indices->size()))) {
    return invalid_model(format("batch_dims is {} for ranks {} and {}", batch, data->size(), indices->size()));
  }
  for (size_t i = 0; i < static_cast<size_t>(batch); ++i) {
    const Dim &a = (*data)[i], &b = (*indices)[i];
    if (a.is_number() && b.is_number() && a != b) {
      return invalid_model(format("data {} and indices {} differ in their {} batch dimensions", to_string(*data),
                                  to_string(*indices), batch));
    }
  }
  const Dim& tuple = indices->back();
  if (!tuple.is_number()) return context.set(0, context.dtype(0)), ok();
  if (tuple.number() < 1 || batch + tuple.number() > static_cast<int64_t>(data->size())) {
    return invalid_model(format("indices {} name {} dimensions of {} after {} batch dimensions", to_string(*indices),
                                tuple.number(), to_string(*data), batch));
  }
  SymDims out(indices->begin(), indices->end() - 1);
  out.insert(out.end(), data->begin() + batch + tuple.number(), data->end());
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_gather_nd(KernelContext& context) {
  const Tensor& data = context.input(0);
  const Tensor& indices = context.input(1);
  Tensor& output = context.output(0);
  const auto batch = static_cast<size_t>(context.attrs<GatherNDAttrs>().batch_dims);
  const size_t named = batch + static_cast<size_t>(indices.dims().back());
  const int64_t inner = row_major_strides(data.dims())[named - 1];
  THANE_ASSIGN(const Dims offsets, tuple_offsets(indices, data.dims(), batch));
  if (output.size() == 0) return ok();
  const DType dtype = data.dtype();
  const auto count = static_cast<int64_t>(offsets.size());
  const int64_t run_bytes = inner * static_cast<int64_t>(dtype_size(dtype));
  context.threads().parallel_for(count, kBytesPerRange / run_bytes, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      copy_elements(dtype, element(dtype, data.raw(), offsets[static_cast<size_t>(i)]),
                    element(dtype, output.raw(), i * inner), inner);
    }
  });
  return ok();
}

}  // namespace thane
