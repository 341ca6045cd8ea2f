// Resize. Nearest moves elements of any dtype; the other modes interpolate axis by axis, which equals interpolating in
// all axes at once.
#include "ops/image/resize.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/format.h"
#include "kernels/copy.h"
#include "ops/shape_values.h"

namespace thane {
namespace {

Status read_roi(const ResizeAttrs& attrs, const Tensor& roi, std::vector<ResizeAxis>& axes) {
  THANE_ASSIGN(const auto listed, listed_axes(attrs, axes.size()));
  const auto count = static_cast<int64_t>(listed.size());
  if (roi.size() != 2 * count) {
    return runtime_error(format("roi has {} values", roi.size())).expecting(format("{}, two per axis", 2 * count));
  }
  for (int64_t i = 0; i < count; ++i) {
    ResizeAxis& axis = axes[listed[static_cast<size_t>(i)]];
    axis.roi_start = static_cast<float>(roi.as_double(i));
    axis.roi_end = static_cast<float>(roi.as_double(count + i));
  }
  return ok();
}

// Where a cropped region leaves the image.
void write_value(Tensor& y, int64_t index, float value) {
  fill_zero(y.dtype(), element(y.dtype(), y.raw(), index), 1);
  dispatch<float, double, Half, BFloat16>(y.dtype(), [&]<class T>() { y.data<T>()[index] = static_cast<T>(value); }) ||
      dispatch_ints(y.dtype(), [&]<class T>() {
        const double low = static_cast<double>(std::numeric_limits<T>::min());
        const double high = static_cast<double>(std::numeric_limits<T>::max());
        const double rounded = std::nearbyint(static_cast<double>(value));
        y.data<T>()[index] = rounded >= high ? std::numeric_limits<T>::max()
                             : rounded > low ? static_cast<T>(rounded)
                                             : std::numeric_limits<T>::min();
      });
}

void gather_nearest(const ResizeAttrs& attrs, const std::vector<ResizeAxis>& axes, const Tensor& x, Tensor& y,
                    ThreadPool& threads) {
  std::vector<std::vector<int64_t>> indices;
  for (const ResizeAxis& axis : axes) indices.push_back(nearest_indices(attrs, axis));
  const size_t rank = axes.size();
  const int64_t row = rank ? axes.back().out : 1;
  const std::vector<int64_t> whole = {0};
  const std::vector<int64_t>& inner = rank ? indices.back() : whole;
  dispatch_by_size(x.dtype(), [&]<class T>() {
    threads.parallel_for(y.size() / row, 4096 / row + 1, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        int64_t rest = r, base = 0, stride = rank ? axes.back().in : 1;
        bool inside = true;
        for (size_t a = rank ? rank - 1 : 0; a-- > 0;) {
          const int64_t at = indices[a][static_cast<size_t>(rest % axes[a].out)];
          inside &= at >= 0;
          base += at * stride;
          stride *= axes[a].in;
          rest /= axes[a].out;
        }
        const T* in = x.data<T>();
        T* out = y.data<T>() + r * row;
        for (int64_t j = 0; j < row; ++j) {
          const int64_t at = inner[static_cast<size_t>(j)];
          if (inside && at >= 0)
            out[j] = in[base + at];
          else
            write_value(y, r * row + j, attrs.extrapolation_value);
        }
      }
    });
  });
}

// [outer, in, inner] → [outer, out, inner].
template <class W>
void interpolate_axis(const ResizeWeights& weights, int64_t outer, int64_t in, int64_t out, int64_t inner,
                      float outside, const W* from, W* to, ThreadPool& threads) {
  const int64_t taps = weights.taps;
  std::vector<W> w(weights.weights.begin(), weights.weights.end());
  threads.parallel_for(outer * out, 8192 / (taps * inner) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const int64_t j = r % out;
      const W* source = from + r / out * in * inner;
      W* target = to + r * inner;
      if (!weights.extrapolated.empty() && weights.extrapolated[static_cast<size_t>(j)]) {
        std::fill_n(target, inner, static_cast<W>(outside));
        continue;
      }
      std::fill_n(target, inner, W(0));
      for (int64_t k = j * taps; k < (j + 1) * taps; ++k) {
        const W weight = w[static_cast<size_t>(k)];
        if (weight == 0) continue;
        const W* line = source + weights.indices[static_cast<size_t>(k)] * inner;
        for (int64_t i = 0; i < inner; ++i) target[i] += weight * line[i];
      }
    }
  });
}

// The axes in the order they are resized in: shrinking ones first, so that nothing in between is larger than both ends.
std::vector<size_t> order_of(const std::vector<ResizeAxis>& axes) {
  std::vector<size_t> order(axes.size());
  for (size_t a = 0; a < order.size(); ++a) order[a] = a;
  std::stable_partition(order.begin(), order.end(), [&](size_t a) { return axes[a].out < axes[a].in; });
  return order;
}

template <class W>
Result<Tensor> interpolate(const ResizeAttrs& attrs, const std::vector<ResizeAxis>& axes, Tensor data,
                           ThreadPool& threads) {
  for (size_t a : order_of(axes)) {
    const ResizeAxis& axis = axes[a];
    if (axis.same()) continue;
    Dims dims = data.dims();
    int64_t outer = 1, inner = 1;
    for (size_t b = 0; b < a; ++b) outer *= dims[b];
    for (size_t b = a + 1; b < dims.size(); ++b) inner *= dims[b];
    dims[a] = axis.out;
    THANE_ASSIGN(Tensor resized, Tensor::allocate(data.dtype(), std::move(dims)));
    interpolate_axis(resize_weights(attrs, axis), outer, axis.in, axis.out, inner, attrs.extrapolation_value,
                     data.data<W>(), resized.data<W>(), threads);
    data = std::move(resized);
  }
  return data;
}

// Computes in W.
template <class T, class W>
Status resize_as(const ResizeAttrs& attrs, const std::vector<ResizeAxis>& axes, const Tensor& x, Tensor& y,
                 ThreadPool& threads) {
  Tensor data = x;
  if constexpr (!std::is_same_v<T, W>) {
    THANE_ASSIGN(data, Tensor::allocate(kDTypeOf<W>, x.dims()));
    std::copy_n(x.data<T>(), x.size(), data.data<W>());
  }
  THANE_ASSIGN(const Tensor resized, interpolate<W>(attrs, axes, std::move(data), threads));
  const W* in = resized.data<W>();
  T* out = y.data<T>();
  for (int64_t i = 0; i < y.size(); ++i) {
    if constexpr (std::is_integral_v<T>) {
      // Rounded to even and kept in range.
      const W v = std::nearbyint(in[i]);
      constexpr T low = std::numeric_limits<T>::min(), high = std::numeric_limits<T>::max();
      out[i] = v >= static_cast<W>(high) ? high : v > static_cast<W>(low) ? static_cast<T>(v) : low;
    } else {
      out[i] = static_cast<T>(in[i]);
    }
  }
  return ok();
}

}  // namespace

Status eval_resize(KernelContext& context) {
  const auto& attrs = context.attrs<ResizeAttrs>();
  const Tensor& x = context.input(kX);
  Tensor& y = context.output(0);
  if (y.size() == 0) return ok();
  const bool by_scales = context.has_input(kScales) && context.input(kScales).size() > 0;
  const Tensor* scales = by_scales ? &context.input(kScales) : nullptr;
  THANE_ASSIGN(auto axes, settle_axes(attrs, x.dims(), scales,
                                      by_scales ? std::nullopt : std::optional(ints_of(context.input(kSizes)))));
  if (attrs.coordinates == ResizeCoordinates::kTfCropAndResize) {
    if (!context.has_input(kRoi)) return runtime_error("roi is absent").expecting("a region, for tf_crop_and_resize");
    THANE_TRY(read_roi(attrs, context.input(kRoi), axes));
  }
  ThreadPool& threads = context.threads();
  if (attrs.mode == ResizeMode::kNearest) {
    gather_nearest(attrs, axes, x, y, threads);
    return ok();
  }
  Status status;
  dispatch<float, Half, BFloat16, uint8_t, int8_t, uint16_t, int16_t>(
      x.dtype(), [&]<class T>() { status = resize_as<T, float>(attrs, axes, x, y, threads); }) ||
      dispatch<double, int32_t, uint32_t, int64_t, uint64_t>(
          x.dtype(), [&]<class T>() { status = resize_as<T, double>(attrs, axes, x, y, threads); });
  return status;
}

}  // namespace thane
