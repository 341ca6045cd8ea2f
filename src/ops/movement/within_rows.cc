// Trilu and ReverseSequence: the shape stays; elements are blanked, or turned around along one axis.
#include <algorithm>

#include "base/format.h"
#include "kernels/copy.h"
#include "ops/movement/movement.h"
#include "ops/shape_values.h"

namespace thane {

Status infer_trilu(InferContext& context) {
  const SymDims* dims = context.dims(0);
  if (dims && dims->size() < 2) {
    return invalid_model(format("the input has the shape {}", to_string(*dims))).expecting("rank 2 or more");
  }
  THANE_TRY(known_int(context, 1, "k"));
  context.set(0, context.dtype(0), dims ? std::optional(*dims) : std::nullopt);
  return ok();
}

Status eval_trilu(KernelContext& context) {
  const Tensor& input = context.input(0);
  Tensor& output = context.output(0);
  if (output.size() == 0) return ok();
  if (context.has_input(1) && context.input(1).size() != 1) {
    return runtime_error(format("k has {} elements", context.input(1).size())).expecting("1");
  }
  const int64_t rows = input.dim(input.rank() - 2), columns = input.dim(input.rank() - 1);
  const int64_t given = context.has_input(1) ? context.input(1).as_int64(0) : 0;
  const int64_t k = std::clamp(given, -rows - 1, columns + 1);
  const bool upper = context.attrs<TriluAttrs>().upper;
  const DType dtype = input.dtype();
  const int64_t grain = std::max<int64_t>(1, 4096 / columns);
  context.threads().parallel_for(input.size() / columns, grain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      // The upper half begins on the diagonal, the lower one ends on it.
      const int64_t split = std::clamp<int64_t>(r % rows + k + (upper ? 0 : 1), 0, columns);
      const int64_t kept_begin = upper ? split : 0, kept_end = upper ? columns : split;
      const int64_t row = r * columns;
      copy_elements(dtype, element(dtype, input.raw(), row + kept_begin),
                    element(dtype, output.raw(), row + kept_begin), kept_end - kept_begin);
      fill_zero(dtype, element(dtype, output.raw(), upper ? row : row + split), upper ? split : columns - split);
    }
  });
  return ok();
}

namespace {

struct SequenceAxes {
  size_t batch, time;
};
Result<SequenceAxes> sequence_axes(const ReverseSequenceAttrs& attrs) {
  if ((attrs.batch_axis != 0 || attrs.time_axis != 1) && (attrs.batch_axis != 1 || attrs.time_axis != 0)) {
    return invalid_model(format("batch_axis {} and time_axis {}", attrs.batch_axis, attrs.time_axis))
        .expecting("0 and 1, or 1 and 0");
  }
  return SequenceAxes{static_cast<size_t>(attrs.batch_axis), static_cast<size_t>(attrs.time_axis)};
}

}  // namespace

Status infer_reverse_sequence(InferContext& context) {
  const SymDims* dims = context.dims(0);
  THANE_ASSIGN(const SequenceAxes axes, sequence_axes(context.attrs<ReverseSequenceAttrs>()));
  if (!dims) return context.set(0, context.dtype(0)), ok();
  if (dims->size() < 2) {
    return invalid_model(format("the input has the shape {}", to_string(*dims))).expecting("rank 2 or more");
  }
  if (const auto length = known_length(context, 1)) {
    const Dim& batch = (*dims)[axes.batch];
    if (batch.is_number() && batch.number() != static_cast<int64_t>(*length)) {
      return invalid_model(format("{} sequence lengths", *length)).expecting(std::to_string(batch.number()));
    }
  }
  context.set(0, context.dtype(0), *dims);
  return ok();
}

Status eval_reverse_sequence(KernelContext& context) {
  const Tensor& input = context.input(0);
  Tensor& output = context.output(0);
  THANE_ASSIGN(const SequenceAxes axes, sequence_axes(context.attrs<ReverseSequenceAttrs>()));
  const Dims lengths = ints_of(context.input(1));
  const int64_t batch = input.dim(axes.batch), time = input.dim(axes.time);
  if (static_cast<int64_t>(lengths.size()) != batch) {
    return runtime_error(format("{} sequence lengths", lengths.size())).expecting(std::to_string(batch));
  }
  const Dims strides = row_major_strides(input.dims());
  const int64_t inner = strides[1];
  for (int64_t b = 0; b < batch; ++b) {
    const int64_t length = lengths[static_cast<size_t>(b)];
    if (length < 0 || length > time) {
      return runtime_error(format("sequence length {} of batch {}", length, b)).expecting(format("0 to {}", time));
    }
    for (int64_t t = 0; t < time; ++t) {
      const int64_t source = t < length ? length - 1 - t : t;
      copy_elements(input.dtype(),
                    element(input.dtype(), input.raw(), b * strides[axes.batch] + source * strides[axes.time]),
                    element(output.dtype(), output.raw(), b * strides[axes.batch] + t * strides[axes.time]), inner);
    }
  }
  return ok();
}

}  // namespace thane
