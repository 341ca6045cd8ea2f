// Pad in its four modes, and CenterCropPad. Negative pads crop; what is left is then padded from within itself.
#include <algorithm>

#include "base/checked.h"
#include "base/format.h"
#include "kernels/copy.h"
#include "ops/movement/movement.h"
#include "ops/shape_values.h"

namespace thane {
namespace {

enum Input : size_t { kData, kPads, kValue, kAxes };

// Elements added before and after each axis.
template <class T>
struct PadsOf {
  std::vector<T> before, after;
};

template <class T>
Result<PadsOf<T>> spread(const std::vector<T>& pads, const std::optional<Dims>& axes, size_t rank) {
  std::vector<size_t> list(rank);
  if (axes) {
    THANE_ASSIGN(list, normalize_axes(*axes, rank));
  } else {
    for (size_t i = 0; i < rank; ++i) list[i] = i;
  }
  if (pads.size() != 2 * list.size()) {
    return invalid_model(format("{} pads for {} axes", pads.size(), list.size())).expecting("two per axis");
  }
  PadsOf<T> spread{std::vector<T>(rank, T(0)), std::vector<T>(rank, T(0))};
  for (size_t i = 0; i < list.size(); ++i) {
    spread.before[list[i]] = pads[i];
    spread.after[list[i]] = pads[list.size() + i];
  }
  return spread;
}

// One axis of a padding: output position p reads input position source(p), or nothing.
struct PaddedAxis {
  int64_t begin, end;  // the part of the input that is left after cropping
  int64_t before;      // padding in front of it
  int64_t out;

  static PaddedAxis make(int64_t size, int64_t before, int64_t after) {
    const int64_t begin = std::min(size, std::max<int64_t>(0, before < 0 ? -before : 0));
    const int64_t end = std::max(begin, size - std::max<int64_t>(0, after < 0 ? -after : 0));
    return {begin, end, std::max<int64_t>(before, 0), size + before + after};
  }
  int64_t kept() const { return end - begin; }

  // -1: the constant.
  int64_t source(int64_t position, PadMode mode) const {
    int64_t i = position - before;
    const int64_t n = kept();
    if (i >= 0 && i < n) return begin + i;
    switch (mode) {
      case PadMode::kConstant: return -1;
      case PadMode::kEdge: return begin + std::clamp<int64_t>(i, 0, n - 1);
      case PadMode::kWrap: return begin + ((i % n) + n) % n;
      case PadMode::kReflect: break;
    }
    if (n == 1) return begin;
    const int64_t period = 2 * (n - 1);
    i = ((i % period) + period) % period;
    return begin + (i < n ? i : period - i);
  }
};

// Bounds that keep every sum of pads and sizes far from overflow.
Status check_pad(int64_t pad) {
  constexpr int64_t kMost = int64_t{1} << 48;
  if (pad > -kMost && pad < kMost) return ok();
  return resource_limit(format("a padding of {}", pad)).expecting("less than 2^48");
}

Status check_axis(PadMode mode, int64_t size, int64_t before, int64_t after, size_t axis) {
  THANE_TRY(check_pad(before));
  THANE_TRY(check_pad(after));
  if (size >= int64_t{1} << 62) return resource_limit(format("axis {} has size {}", axis, size));
  if (size + before + after < 0) {
    return invalid_model(
        format("pads {} and {} remove more than the {} elements of axis {}", before, after, size, axis));
  }
  if (mode != PadMode::kConstant && (before > 0 || after > 0) &&
      size + std::min<int64_t>(before, 0) + std::min<int64_t>(after, 0) <= 0) {
    return invalid_model(format("axis {} has nothing to pad with", axis));
  }
  return ok();
}

// Copies the kept block of every axis to its place.
void copy_kept(const Tensor& input, const std::vector<PaddedAxis>& axes, Tensor& output, ThreadPool& threads) {
  const Dims in_strides = row_major_strides(input.dims());
  const Dims out_strides = row_major_strides(output.dims());
  Dims dims;
  int64_t from = 0, to = 0;
  for (size_t i = 0; i < axes.size(); ++i) {
    const PaddedAxis& axis = axes[i];
    dims.push_back(std::min(axis.kept(), std::max<int64_t>(0, axis.out - axis.before)));
    if (dims.back() == 0) return;
    from += axis.begin * in_strides[i];
    to += axis.before * out_strides[i];
  }
  copy_strided(input.dtype(), dims, element(input.dtype(), input.raw(), from), in_strides,
               element(output.dtype(), output.raw(), to), out_strides, threads);
}

// The other modes: kept blocks first, then axis by axis, each slab of padding copied from the output itself.
void fill_from_within(const std::vector<PaddedAxis>& axes, PadMode mode, Tensor& output, ThreadPool& threads) {
  const Dims strides = row_major_strides(output.dims());
  Dims dims;  // of a slab: all of the axes done, the kept part of those to come, one of this
  int64_t corner = 0;
  for (size_t i = 0; i < axes.size(); ++i) {
    dims.push_back(axes[i].kept());
    corner += axes[i].before * strides[i];
  }
  for (size_t i = axes.size(); i-- > 0;) {
    const PaddedAxis& axis = axes[i];
    corner -= axis.before * strides[i];
    dims[i] = 1;
    for (int64_t p = 0; p < axis.out; ++p) {
      if (p >= axis.before && p < axis.before + axis.kept()) continue;
      const int64_t source = axis.source(p, mode) - axis.begin + axis.before;
      copy_strided(output.dtype(), dims, element(output.dtype(), output.raw(), corner + source * strides[i]), strides,
                   element(output.dtype(), output.raw(), corner + p * strides[i]), strides, threads);
    }
    dims[i] = axis.out;
  }
}

void fill_constant(KernelContext& context, Tensor& output, size_t value_input) {
  if (!context.has_input(value_input)) return fill_zero(output.dtype(), output.raw(), output.size());
  fill_elements(output.dtype(), context.input(value_input).raw(), output.raw(), output.size());
}

bool pads_nothing(const std::vector<PaddedAxis>& axes) {
  return std::all_of(axes.begin(), axes.end(), [](const PaddedAxis& a) { return a.kept() == a.out; });
}

}  // namespace

Status infer_pad(InferContext& context) {
  const SymDims* dims = context.dims(kData);
  if (context.has_input(kValue) && context.dims(kValue)) {
    const Dim count = count_of(*context.dims(kValue));
    if (count.is_number() && !count.is_number(1)) {
      return invalid_model(format("the constant has {} elements", count.number())).expecting("1");
    }
  }
  THANE_ASSIGN(const auto pads, known_dims(context, kPads, "pads"));
  THANE_ASSIGN(const auto axes, known_ints(context, kAxes, "axes"));
  if (!dims || !pads || (context.has_input(kAxes) && !axes)) {
    context.set(0, context.dtype(kData), dims ? std::optional(SymDims(dims->size())) : std::nullopt);
    return ok();
  }
  THANE_ASSIGN(const auto spread_pads, spread(*pads, axes, dims->size()));
  const PadMode mode = context.attrs<PadAttrs>().mode;
  SymDims out(dims->size());
  for (size_t i = 0; i < out.size(); ++i) {
    const Dim &before = spread_pads.before[i], &after = spread_pads.after[i], &size = (*dims)[i];
    if (before.is_number() && after.is_number() && size.is_number()) {
      THANE_TRY(check_axis(mode, size.number(), before.number(), after.number(), i));
    }
    out[i] = size + before + after;
  }
  context.set(0, context.dtype(kData), std::move(out));
  return ok();
}

Status eval_pad(KernelContext& context) {
  const Tensor& input = context.input(kData);
  Tensor& output = context.output(0);
  std::optional<Dims> axis_list;
  if (context.has_input(kAxes)) axis_list = ints_of(context.input(kAxes));
  THANE_ASSIGN(const auto pads, spread(ints_of(context.input(kPads)), axis_list, input.rank()));
  std::vector<PaddedAxis> axes;
  for (size_t i = 0; i < input.rank(); ++i) {
    axes.push_back(PaddedAxis::make(input.dim(i), pads.before[i], pads.after[i]));
    if (axes.back().out != output.dim(i)) {
      return runtime_error(format("padding makes axis {} of size {}", i, axes.back().out))
          .expecting(std::to_string(output.dim(i)));
    }
  }
  if (output.size() == 0) return ok();
  const PadMode mode = context.attrs<PadAttrs>().mode;
  if (mode == PadMode::kConstant && !pads_nothing(axes)) fill_constant(context, output, kValue);
  copy_kept(input, axes, output, context.threads());
  if (mode != PadMode::kConstant) fill_from_within(axes, mode, output, context.threads());
  return ok();
}

Status infer_center_crop_pad(InferContext& context) {
  const SymDims* dims = context.dims(0);
  THANE_ASSIGN(const auto target, known_dims(context, 1, "the shape"));
  if (!dims) return context.set(0, context.dtype(0)), ok();
  SymDims out = *dims;
  const auto& axes = context.attrs<CenterCropPadAttrs>().axes;
  const size_t count = axes ? axes->size() : out.size();
  std::vector<size_t> list(count);
  if (axes) {
    THANE_ASSIGN(list, normalize_axes(*axes, out.size()));
  } else {
    for (size_t i = 0; i < count; ++i) list[i] = i;
  }
  if (target && target->size() != count) {
    return invalid_model(format("the shape {} has the wrong length", to_string(*target)))
        .expecting(format("{}, one per axis", count));
  }
  for (size_t i = 0; i < count; ++i) out[list[i]] = target ? (*target)[i] : Dim::unknown();
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_center_crop_pad(KernelContext& context) {
  const Tensor& input = context.input(0);
  Tensor& output = context.output(0);
  if (output.size() == 0) return ok();
  std::vector<PaddedAxis> axes;
  for (size_t i = 0; i < input.rank(); ++i) {
    const int64_t have = input.dim(i), want = output.dim(i);
    // The odd element falls off, or is added, at the end.
    const int64_t begin = have > want ? (have - want) / 2 : 0;
    const int64_t before = want > have ? (want - have) / 2 : 0;
    axes.push_back({begin, begin + std::min(have, want), before, want});
  }
  if (!pads_nothing(axes)) fill_zero(output.dtype(), output.raw(), output.size());
  copy_kept(input, axes, output, context.threads());
  return ok();
}

}  // namespace thane
