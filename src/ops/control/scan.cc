// Scan: a body run once per slice of its scan inputs, carrying state. State keeps its shape; scan outputs are stacked.
#include <optional>

#include "base/format.h"
#include "kernels/copy.h"
#include "ops/control/control.h"

namespace thane {
namespace {

// One scan input or output: its axis and whether it is walked backwards.
struct Track {
  int64_t axis;
  bool backward;
};

Result<std::vector<Track>> tracks(const Dims& axes, const Dims& directions, size_t count, std::string_view what) {
  if ((!axes.empty() && axes.size() != count) || (!directions.empty() && directions.size() != count)) {
    return invalid_model(format("{} axes and {} directions of {}s", axes.size(), directions.size(), what))
        .expecting(std::to_string(count));
  }
  std::vector<Track> out;
  for (size_t i = 0; i < count; ++i) {
    const int64_t direction = directions.empty() ? 0 : directions[i];
    if (direction != 0 && direction != 1) {
      return invalid_model(format("direction {} of a {}", direction, what)).expecting("0 or 1");
    }
    out.push_back({axes.empty() ? 0 : axes[i], direction == 1});
  }
  return out;
}

// How a Scan's inputs and outputs divide.
struct Layout {
  size_t states;
  std::vector<Track> inputs, outputs;
};

Result<Layout> layout_of(const ScanAttrs& attrs, size_t num_inputs, size_t num_outputs) {
  if (attrs.num_scan_inputs < 1 || attrs.num_scan_inputs > static_cast<int64_t>(num_inputs)) {
    return invalid_model(format("num_scan_inputs is {} of {} inputs", attrs.num_scan_inputs, num_inputs));
  }
  const auto scans = static_cast<size_t>(attrs.num_scan_inputs);
  Layout layout{num_inputs - scans, {}, {}};
  if (num_outputs < layout.states) {
    return invalid_model(format("{} outputs for {} states", num_outputs, layout.states));
  }
  THANE_ASSIGN(layout.inputs, tracks(attrs.input_axes, attrs.input_directions, scans, "scan input"));
  THANE_ASSIGN(layout.outputs,
               tracks(attrs.output_axes, attrs.output_directions, num_outputs - layout.states, "scan output"));
  return layout;
}

// Joins the lengths of the scan inputs.
Status unify_length(Dim& length, const Dim& next, size_t i) {
  if (length.is_number() && next.is_number() && length != next) {
    return invalid_model(format("scan input {} has {} slices", i, next.number()))
        .expecting(format("{} as the ones before it", length.number()));
  }
  if (!length.is_number() && !next.is_unknown()) length = next;
  return ok();
}

// Slice `index` of a tensor along an axis, in fresh memory.
Result<Tensor> slice_at(const Tensor& tensor, size_t axis, int64_t index, ThreadPool& threads) {
  Dims strides = row_major_strides(tensor.dims());
  const int64_t offset = index * strides[axis];
  Dims dims = tensor.dims();
  dims.erase(dims.begin() + static_cast<ptrdiff_t>(axis));
  strides.erase(strides.begin() + static_cast<ptrdiff_t>(axis));
  THANE_ASSIGN(Tensor slice, Tensor::allocate(tensor.dtype(), dims));
  copy_strided(tensor.dtype(), dims, element(tensor.dtype(), tensor.raw(), offset), strides, slice.raw(),
               row_major_strides(dims), threads);
  return slice;
}

// Moves axis 0 of a stack to where it belongs, turning it around if need be.
Result<Tensor> arrange(const Tensor& stack, const Track& track, ThreadPool& threads) {
  THANE_ASSIGN(const size_t axis, normalize_axis(track.axis, stack.rank(), "scan output axis"));
  if (axis == 0 && !track.backward) return stack;
  Dims dims(stack.dims().begin() + 1, stack.dims().end());
  Dims strides = row_major_strides(stack.dims());
  const int64_t count = stack.dim(0);
  const int64_t step = track.backward ? -strides[0] : strides[0];
  const int64_t offset = track.backward && count > 0 ? (count - 1) * strides[0] : 0;
  strides.erase(strides.begin());
  dims.insert(dims.begin() + static_cast<ptrdiff_t>(axis), count);
  strides.insert(strides.begin() + static_cast<ptrdiff_t>(axis), step);
  THANE_ASSIGN(Tensor out, Tensor::allocate(stack.dtype(), dims));
  copy_strided(stack.dtype(), dims, element(stack.dtype(), stack.raw(), offset), strides, out.raw(),
               row_major_strides(dims), threads);
  return out;
}

}  // namespace

Status infer_scan(InferContext& context) {
  THANE_ASSIGN(const Layout layout, layout_of(context.attrs<ScanAttrs>(), context.num_inputs(), context.num_outputs()));
  std::vector<Type> types;
  Dim length;
  for (size_t i = 0; i < context.num_inputs(); ++i) {
    if (!context.has_input(i)) return invalid_model(format("input {} is absent", i));
    Type type = context.type(i);
    if (i >= layout.states && type.is_tensor() && type.dims) {
      const size_t scan = i - layout.states;
      THANE_ASSIGN(const size_t axis, normalize_axis(layout.inputs[scan].axis, type.dims->size(), "scan input axis"));
      THANE_TRY(unify_length(length, (*type.dims)[axis], scan));
      type.dims->erase(type.dims->begin() + static_cast<ptrdiff_t>(axis));
    }
    types.push_back(std::move(type));
  }
  THANE_ASSIGN(const auto outputs, infer_carried(context, types, 0, layout.states, 0));
  if (outputs.size() != context.num_outputs()) {
    return invalid_model(format("the body has {} outputs", outputs.size()))
        .expecting(std::to_string(context.num_outputs()));
  }
  for (size_t i = 0; i < layout.states; ++i) context.set_type(i, types[i]);
  for (size_t i = layout.states; i < outputs.size(); ++i) {
    if (!outputs[i].is_tensor()) continue;
    std::optional<SymDims> dims = outputs[i].dims;
    if (dims) {
      const Track& track = layout.outputs[i - layout.states];
      THANE_ASSIGN(const size_t axis, normalize_axis(track.axis, dims->size() + 1, "scan output axis"));
      dims->insert(dims->begin() + static_cast<ptrdiff_t>(axis), length);
    }
    context.set(i, outputs[i].dtype, std::move(dims));
  }
  return ok();
}

Status eval_scan(KernelContext& context) {
  THANE_ASSIGN(const Layout layout, layout_of(context.attrs<ScanAttrs>(), context.num_inputs(), context.num_outputs()));
  std::vector<Value> state;
  for (size_t i = 0; i < layout.states; ++i) state.push_back(context.input_value(i));
  std::vector<size_t> axes;
  std::optional<int64_t> length;
  for (size_t i = 0; i < layout.inputs.size(); ++i) {
    const Tensor& tensor = context.input(layout.states + i);
    THANE_ASSIGN(const size_t axis, normalize_axis(layout.inputs[i].axis, tensor.rank(), "scan input axis"));
    if (length.value_or(tensor.dim(axis)) != tensor.dim(axis)) {
      return runtime_error(format("scan input {} has {} slices", i, tensor.dim(axis)))
          .expecting(std::to_string(*length));
    }
    length = tensor.dim(axis);
    axes.push_back(axis);
  }
  std::vector<Stack> stacks(layout.outputs.size());
  for (int64_t step = 0; step < *length; ++step) {
    std::vector<Value> inputs = state;
    for (size_t i = 0; i < axes.size(); ++i) {
      const int64_t index = layout.inputs[i].backward ? *length - 1 - step : step;
      THANE_ASSIGN(Tensor slice, slice_at(context.input(layout.states + i), axes[i], index, context.threads()));
      inputs.emplace_back(std::move(slice));
    }
    THANE_ASSIGN(auto outputs, run_body(context, inputs, layout.states + stacks.size()));
    for (size_t i = 0; i < layout.states; ++i) {
      THANE_TRY(check_carried(state[i], outputs[i], i));
      state[i] = std::move(outputs[i]);
    }
    for (size_t i = 0; i < stacks.size(); ++i) THANE_TRY(stacks[i].push(outputs[layout.states + i]));
  }
  for (size_t i = 0; i < layout.states; ++i) context.set_output(i, std::move(state[i]));
  for (size_t i = 0; i < stacks.size(); ++i) {
    THANE_ASSIGN(const Tensor stacked, stacks[i].finish(body_output_type(context.node(), layout.states + i)));
    THANE_ASSIGN(Tensor arranged, arrange(stacked, layout.outputs[i], context.threads()));
    context.set_output(layout.states + i, Value(std::move(arranged)));
  }
  return ok();
}

}  // namespace thane
