// Concat and Split along one axis.
#include "base/format.h"
#include "kernels/copy.h"
#include "ops/movement/movement.h"
#include "ops/shape_values.h"

namespace thane {
namespace {

// Combines a dimension that all inputs must share.
Status unify(Dim& have, const Dim& next, size_t input, size_t axis) {
  if (have.is_number() && next.is_number() && have != next) {
    return invalid_model(format("input {} has size {} along axis {}", input, next.number(), axis))
        .expecting(format("{} as the inputs before it", have.number()));
  }
  if (!have.is_number() && !next.is_unknown()) have = next;
  return ok();
}

// Contents of a concatenation of shapes.
std::optional<DimValues> joined_values(const InferContext& context) {
  DimValues all;
  bool any = false;
  for (size_t i = 0; i < context.num_inputs(); ++i) {
    auto values = context.dim_values(i);
    any |= values.has_value();
    if (!values) {
      const auto length = known_length(context, i);
      if (!length) return std::nullopt;
      values = DimValues(*length);
    }
    if (all.size() + values->size() > 4096) return std::nullopt;
    all.insert(all.end(), values->begin(), values->end());
  }
  if (!any) return std::nullopt;
  return all;
}

// Sizes of the parts of a Split along an axis of size `dim`.
Result<SymDims> split_sizes(const InferContext& context, const Dim& dim) {
  const size_t parts = context.num_outputs();
  const auto wrong_count = [&](size_t found) {
    return invalid_model(format("the input is split into {} parts", found)).expecting(format("{}, the outputs", parts));
  };
  const auto& attrs = context.attrs<SplitAttrs>();
  if (attrs.num_outputs && *attrs.num_outputs != static_cast<int64_t>(parts)) {
    return invalid_model(format("num_outputs is {}", *attrs.num_outputs)).expecting(std::to_string(parts));
  }
  if (context.has_input(1)) {
    THANE_ASSIGN(const auto sizes, known_dims(context, 1, "split"));
    if (!sizes) return SymDims(parts);
    if (sizes->size() != parts) return wrong_count(sizes->size());
    Dim sum(0);
    for (const Dim& size : *sizes) {
      if (size.is_number() && size.number() < 0) return invalid_model(format("split is {}", to_string(*sizes)));
      sum = sum + size;
    }
    if (dim.is_number() && all_numbers(*sizes) && sum != dim) {
      return invalid_model(format("split {} does not add up to {}", to_string(*sizes), dim.number()));
    }
    return SymDims(*sizes);
  }
  const auto n = static_cast<int64_t>(parts);
  const Dim chunk = Dim::ceil_div(dim, n);
  SymDims sizes(parts, chunk);
  if (dim.is_number()) {
    for (int64_t i = 0; i < n; ++i) {
      const int64_t left = dim.number() - std::min(dim.number(), chunk.number() * i);
      sizes[static_cast<size_t>(i)] = std::min(chunk.number(), left);
    }
  } else if (chunk * n != dim) {
    sizes.assign(parts, Dim::unknown());  // the last parts are shorter, or empty
  }
  return sizes;
}

}  // namespace

Status infer_concat(InferContext& context) {
  SymDims out;
  bool known_rank = false, all_known = true;
  Dim sum(0);
  size_t axis = 0;
  for (size_t i = 0; i < context.num_inputs(); ++i) {
    const SymDims* dims = context.dims(i);
    if (!dims) {
      all_known = false;
      continue;
    }
    if (!known_rank) {
      THANE_ASSIGN(axis, normalize_axis(context.attrs<ConcatAttrs>().axis, dims->size()));
      out = *dims;
      known_rank = true;
    } else if (dims->size() != out.size()) {
      return invalid_model(format("input {} has rank {}", i, dims->size())).expecting(std::to_string(out.size()));
    }
    sum = sum + (*dims)[axis];
    for (size_t k = 0; k < out.size(); ++k) {
      if (k != axis) THANE_TRY(unify(out[k], (*dims)[k], i, k));
    }
  }
  if (!known_rank) return context.set(0, context.dtype(0)), ok();
  out[axis] = all_known ? sum : Dim::unknown();
  THANE_TRY(check_sizes(context, out));
  if (out.size() == 1) {
    if (auto values = joined_values(context)) context.set_dim_values(0, std::move(*values));
  }
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_concat(KernelContext& context) {
  Tensor& output = context.output(0);
  THANE_ASSIGN(const size_t axis, normalize_axis(context.attrs<ConcatAttrs>().axis, output.rank()));
  const Dims strides = row_major_strides(output.dims());
  int64_t offset = 0;
  for (size_t i = 0; i < context.num_inputs(); ++i) {
    const Tensor& input = context.input(i);
    copy_strided(input.dtype(), input.dims(), input.raw(), row_major_strides(input.dims()),
                 element(output.dtype(), output.raw(), offset * strides[axis]), strides, context.threads());
    offset += input.dim(axis);
  }
  return ok();
}

Status infer_split(InferContext& context) {
  const SymDims* dims = context.dims(0);
  if (!dims) {
    for (size_t i = 0; i < context.num_outputs(); ++i) context.set(i, context.dtype(0));
    return ok();
  }
  THANE_ASSIGN(const size_t axis, normalize_axis(context.attrs<SplitAttrs>().axis, dims->size()));
  THANE_ASSIGN(const SymDims sizes, split_sizes(context, (*dims)[axis]));
  const auto values = context.dim_values(0);
  size_t offset = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    SymDims out = *dims;
    out[axis] = sizes[i];
    context.set(i, context.dtype(0), std::move(out));
    if (!values || dims->size() != 1 || !all_numbers(sizes)) continue;
    const auto size = static_cast<size_t>(sizes[i].number());
    if (offset + size > values->size()) break;
    const auto begin = values->begin() + static_cast<ptrdiff_t>(offset);
    context.set_dim_values(i, DimValues(begin, begin + static_cast<ptrdiff_t>(size)));
    offset += size;
  }
  return ok();
}

Status eval_split(KernelContext& context) {
  const Tensor& input = context.input(0);
  THANE_ASSIGN(const size_t axis, normalize_axis(context.attrs<SplitAttrs>().axis, input.rank()));
  const Dims strides = row_major_strides(input.dims());
  int64_t offset = 0;
  for (size_t i = 0; i < context.num_outputs(); ++i) {
    Tensor& output = context.output(i);
    if (offset + output.dim(axis) > input.dim(axis)) {
      return runtime_error(format("the parts do not fit an axis of size {}", input.dim(axis)));
    }
    copy_strided(input.dtype(), output.dims(), element(input.dtype(), input.raw(), offset * strides[axis]), strides,
                 output.raw(), row_major_strides(output.dims()), context.threads());
    offset += output.dim(axis);
  }
  return ok();
}

}  // namespace thane
