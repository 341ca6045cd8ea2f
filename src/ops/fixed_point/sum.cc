// Sums and means of integers over axes.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/format.h"
#include "ops/fixed_point/fixed_point.h"
#include "ops/shape_values.h"

namespace thane {

Status infer_fixed_sum(InferContext& context) {
  const auto& attrs = context.attrs<FixedSumAttrs>();
  if (!(attrs.input_scale > 0) || !(attrs.output_scale > 0)) return invalid_model("a scale that is not above 0");
  THANE_ASSIGN(const auto axes, known_ints(context, 1, "axes"));
  const SymDims* dims = context.dims(0);
  if (!dims || !axes) {
    context.set(0, context.dtype(0));
    return ok();
  }
  THANE_ASSIGN(const auto list, normalize_axes(*axes, dims->size()));
  SymDims out;
  for (size_t axis = 0; axis < dims->size(); ++axis) {
    const bool reduced = std::find(list.begin(), list.end(), axis) != list.end();
    if (!reduced) out.push_back((*dims)[axis]);
    if (reduced && attrs.keepdims) out.emplace_back(1);
  }
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_fixed_sum(KernelContext& context) {
  const auto& attrs = context.attrs<FixedSumAttrs>();
  const Tensor &x = context.input(0), &y = context.output(0);
  THANE_ASSIGN(const auto axes, normalize_axes(ints_of(context.input(1)), x.rank()));
  // Where each axis moves the sum it belongs to.
  Dims steps(x.rank(), 0);
  int64_t stride = 1, count = 1;
  for (size_t axis = x.rank(); axis-- > 0;) {
    if (std::find(axes.begin(), axes.end(), axis) != axes.end()) {
      count *= x.dim(axis);
    } else {
      steps[axis] = stride;
      stride *= x.dim(axis);
    }
  }
  std::vector<int64_t> sums(static_cast<size_t>(y.size()), 0);
  const float mean_of = attrs.mean ? 1.0f / static_cast<float>(count) : 1.0f;
  const float scale = attrs.input_scale / attrs.output_scale * mean_of;
  FixedMultiplier factor =
      FixedMultiplier::of(static_cast<double>(attrs.input_scale) / static_cast<double>(attrs.output_scale));
  if (attrs.mean && count > 0) {
    // The count joins the factor, with as many bits as there is room for.
    int shift = 63 - __builtin_clzll(static_cast<uint64_t>(count));
    shift = std::min({shift, 32, 31 + factor.shift});
    factor.fraction = static_cast<int32_t>((int64_t{factor.fraction} << std::max(shift, 0)) / count);
    factor.shift -= std::max(shift, 0);
  }
  dispatch<int8_t, uint8_t, int16_t>(x.dtype(), [&]<class T>() {
    // Row by row of the last axis, which either is summed or moves along the sums.
    const T* in = x.data<T>();
    const size_t outer = x.rank() > 0 ? x.rank() - 1 : 0;
    const int64_t row = x.rank() > 0 ? x.dim(outer) : 1;
    const bool summed = x.rank() == 0 || steps[outer] == 0;
    Dims index(x.rank(), 0);
    int64_t at = 0;
    for (int64_t i = 0; i < x.size(); i += row, in += row) {
      int64_t* to = sums.data() + at;
      if (summed) {
        *to = std::accumulate(in, in + row, *to);
      } else {
        for (int64_t j = 0; j < row; ++j) to[j] += in[j];
      }
      for (size_t axis = outer; axis-- > 0;) {
        at += steps[axis];
        if (++index[axis] < x.dim(axis)) break;
        at -= steps[axis] * x.dim(axis);
        index[axis] = 0;
      }
    }
    constexpr T kLow = std::numeric_limits<T>::min(), kHigh = std::numeric_limits<T>::max();
    const int64_t zeros = attrs.input_zero_point * count;
    for (size_t i = 0; i < sums.size(); ++i) {
      if constexpr (sizeof(T) == 1) {  // as XNNPACK
        const float zero = static_cast<float>(attrs.output_zero_point) - static_cast<float>(zeros) * scale;
        const float nearest = std::nearbyint(static_cast<float>(sums[i]) * scale + zero);
        const bool is_number = nearest == nearest;  // the mean of nothing is none
        y.data<T>()[i] = static_cast<T>(is_number ? std::clamp(nearest, float{kLow}, float{kHigh}) : 0.0f);
      } else {
        const int64_t scaled = factor.times_wide(sums[i] - zeros) + attrs.output_zero_point;
        y.data<T>()[i] = static_cast<T>(std::clamp<int64_t>(scaled, kLow, kHigh));
      }
    }
  });
  return ok();
}

}  // namespace thane
