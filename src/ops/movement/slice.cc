// Slice: Python's start:end:step along some axes.
#include <algorithm>
#include <limits>

#include "base/format.h"
#include "kernels/copy.h"
#include "ops/movement/movement.h"
#include "ops/shape_values.h"

namespace thane {
namespace {

enum Input : size_t { kData, kStarts, kEnds, kAxes, kSteps };

struct Range {
  int64_t start, step, count;
};

// The elements that start:end:step visits of an axis with `size` elements. step != 0.
Range resolve(int64_t start, int64_t end, int64_t step, int64_t size) {
  if (size == 0) return {0, 1, 0};
  const auto clamp = [size](int64_t index, int64_t low, int64_t high) {
    if (index < 0) index = index < -size ? -1 : index + size;
    return std::clamp(index, low, high);
  };
  // INT64_MIN as a step has no negation; anything beyond the size takes one element.
  constexpr int64_t kFarthest = std::numeric_limits<int64_t>::max();
  step = std::max(step, -kFarthest);
  if (step > 0) {
    const int64_t first = clamp(start, 0, size), last = clamp(end, 0, size);
    return {first, step, last <= first ? 0 : (last - first - 1) / step + 1};
  }
  // Unlike Python, ONNX clamps a start before the beginning to the first element here too.
  const int64_t first = clamp(start, 0, size - 1), last = clamp(end, -1, size - 1);
  return {first, step, last >= first ? 0 : (first - last - 1) / -step + 1};
}

std::string bound_text(const Dim& bound) {
  constexpr int64_t kOpen = std::numeric_limits<int32_t>::max();  // exporters write at least this for "to the end"
  if (bound.is_number() && (bound.number() >= kOpen || bound.number() <= -kOpen)) return "";
  return bound.to_string();
}

// Size of a slice where not everything is a number: exact where that is sure, else a symbol spelled as in Python.
Dim sliced_dim(const Dim& size, const Dim& start, const Dim& end, const Dim& step) {
  if (size.is_number() && start.is_number() && end.is_number() && step.is_number()) {
    return resolve(start.number(), end.number(), step.number(), size.number()).count;
  }
  if (size.is_unknown() || start.is_unknown() || end.is_unknown() || !step.is_number()) return Dim::unknown();
  constexpr int64_t kOpen = std::numeric_limits<int32_t>::max();
  const bool to_end = (end.is_number() && end.number() >= kOpen) || end == size;
  if (start.is_number(0) && to_end && step.number() > 0) return Dim::ceil_div(size, step);
  if (start.is_number(0) && end.is_number(0) && step.number() > 0) return Dim(0);
  const std::string by = step.is_number(1) ? "" : ":" + step.to_string();
  std::string base = size.to_string();
  if (base.find(' ') != std::string::npos) base = "(" + base + ")";
  return Dim::symbol(base + "[" + bound_text(start) + ":" + bound_text(end) + by + "]");
}

// starts, ends, steps of one axis; missing ones filled in.
struct AxisBounds {
  Dim start = 0, end = std::numeric_limits<int64_t>::max(), step = 1;
};

// The bounds of every axis. Nothing when axes are not known.
Result<std::optional<std::vector<AxisBounds>>> bounds_of(const InferContext& context, size_t rank) {
  THANE_ASSIGN(const auto starts, known_dims(context, kStarts, "starts"));
  THANE_ASSIGN(const auto ends, known_dims(context, kEnds, "ends"));
  THANE_ASSIGN(auto axes, known_ints(context, kAxes, "axes"));
  THANE_ASSIGN(const auto steps, known_dims(context, kSteps, "steps"));
  const auto count = known_length(context, kStarts);
  if (!count || (context.has_input(kAxes) && !axes)) return std::optional<std::vector<AxisBounds>>();
  const auto check_length = [&](std::string_view what, size_t length) -> Status {
    if (length == *count) return ok();
    return invalid_model(format("{} {} for {} starts", length, what, *count));
  };
  if (ends) THANE_TRY(check_length("ends", ends->size()));
  if (axes) THANE_TRY(check_length("axes", axes->size()));
  if (steps) THANE_TRY(check_length("steps", steps->size()));
  if (!axes) {
    if (*count > rank) return invalid_model(format("{} starts for an input of rank {}", *count, rank));
    axes.emplace();
    for (size_t i = 0; i < *count; ++i) axes->push_back(static_cast<int64_t>(i));
  }
  THANE_ASSIGN(const auto list, normalize_axes(*axes, rank));
  std::vector<AxisBounds> bounds(rank);
  for (size_t i = 0; i < list.size(); ++i) {
    AxisBounds& b = bounds[list[i]];
    b.start = starts ? (*starts)[i] : Dim::unknown();
    b.end = ends ? (*ends)[i] : Dim::unknown();
    if (context.has_input(kSteps)) b.step = steps ? (*steps)[i] : Dim::unknown();
    if (b.step.is_number(0)) return invalid_model("a step is 0");
  }
  return std::optional(std::move(bounds));
}

}  // namespace

Status infer_slice(InferContext& context) {
  const SymDims* dims = context.dims(kData);
  if (!dims) return context.set(0, context.dtype(kData)), ok();
  THANE_ASSIGN(const auto bounds, bounds_of(context, dims->size()));
  if (!bounds) return context.set(0, context.dtype(kData), SymDims(dims->size())), ok();
  SymDims out(dims->size());
  for (size_t i = 0; i < out.size(); ++i) {
    const AxisBounds& b = (*bounds)[i];
    out[i] = sliced_dim((*dims)[i], b.start, b.end, b.step);
  }
  const auto values = context.dim_values(kData);
  if (values && out.size() == 1 && out[0].is_number() && (*dims)[0].is_number()) {
    const AxisBounds& b = bounds->front();
    const Range range = resolve(b.start.number(), b.end.number(), b.step.number(), (*dims)[0].number());
    DimValues picked;
    for (int64_t i = 0; i < range.count; ++i)
      picked.push_back((*values)[static_cast<size_t>(range.start + i * range.step)]);
    context.set_dim_values(0, std::move(picked));
  }
  context.set(0, context.dtype(kData), std::move(out));
  return ok();
}

Status eval_slice(KernelContext& context) {
  const Tensor& input = context.input(kData);
  Tensor& output = context.output(0);
  if (output.size() == 0) return ok();
  const Dims in_strides = row_major_strides(input.dims());
  const Dims starts = ints_of(context.input(kStarts));
  const Dims ends = ints_of(context.input(kEnds));
  const Dims axes = context.has_input(kAxes) ? ints_of(context.input(kAxes)) : Dims();
  const Dims steps = context.has_input(kSteps) ? ints_of(context.input(kSteps)) : Dims(starts.size(), 1);
  Dims strides = in_strides;
  int64_t offset = 0;
  for (size_t i = 0; i < starts.size(); ++i) {
    THANE_ASSIGN(const size_t axis, normalize_axis(axes.empty() ? static_cast<int64_t>(i) : axes[i], input.rank()));
    const Range range = resolve(starts[i], ends[i], steps[i], input.dim(axis));
    if (range.count != output.dim(axis)) {
      return runtime_error(format("the slice of axis {} has {} elements", axis, range.count))
          .expecting(std::to_string(output.dim(axis)));
    }
    offset += range.start * in_strides[axis];
    strides[axis] = range.count > 1 ? in_strides[axis] * range.step : 0;
  }
  copy_strided(input.dtype(), output.dims(), element(input.dtype(), input.raw(), offset), strides, output.raw(),
               row_major_strides(output.dims()), context.threads());
  return ok();
}

}  // namespace thane
