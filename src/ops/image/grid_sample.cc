// GridSample: y[n, c, o…] = x[n, c] interpolated at the point grid[n, o…], whose coordinates run from the innermost
// axis outwards, -1 to 1 over the image. Any number of spatial axes.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/format.h"
#include "ops/expect_shape.h"
#include "ops/image/image.h"
#include "ops/widen.h"

namespace thane {
namespace {

constexpr size_t kMostAxes = 6;
constexpr int64_t kMostTaps = 4;

// One spatial axis. Positions are in pixels; pixel centres are whole numbers.
template <class C>
struct SampledAxis {
  int64_t length;
  C low, high;  // the borders that reflection mirrors at

  SampledAxis(int64_t n, bool align_corners)
      : length(n), low(align_corners ? C(0) : C(-0.5)), high(align_corners ? C(n - 1) : C(n) - C(0.5)) {}

  C denormalize(C v, bool align_corners) const {
    return align_corners ? (v + 1) / 2 * static_cast<C>(length - 1) : ((v + 1) * static_cast<C>(length) - 1) / 2;
  }
  C reflect(C v) const {
    const C range = high - low;
    if (range <= 0) return low;
    const C over = v < low ? low - v : v > high ? v - high : C(0);
    if (over == 0) return v;
    const bool odd = std::fmod(std::floor(over / range), C(2)) != 0;
    const C rest = std::fmod(over, range);
    return (v < low) != odd ? low + rest : high - rest;
  }
  // The pixel that stands for position i, or -1 for a zero.
  int64_t pixel(int64_t i, SamplePadding padding) const {
    if (i >= 0 && i < length) return i;
    if (padding == SamplePadding::kZeros) return -1;
    if (padding == SamplePadding::kReflection) i = static_cast<int64_t>(reflect(static_cast<C>(i)));
    return std::clamp<int64_t>(i, 0, length - 1);
  }
};

// Keys, Cubic convolution interpolation for digital image processing (1981), with a = -3/4.
template <class C>
void cubic_weights(C t, C* w) {
  constexpr C a = C(-0.75);
  const auto near = [](C x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
  const auto far = [](C x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
  w[0] = far(t + 1);
  w[1] = near(t);
  w[2] = near(1 - t);
  w[3] = far(2 - t);
}

// What one point reads along one axis.
template <class C>
struct AxisTaps {
  int64_t count;
  int64_t pixels[kMostTaps];
  C weights[kMostTaps];
};

template <class C>
AxisTaps<C> taps_at(const GridSampleAttrs& attrs, const SampledAxis<C>& axis, C normalized) {
  C x = axis.denormalize(normalized, attrs.align_corners);
  if (attrs.mode == SampleMode::kNearest) x = std::nearbyint(x);
  // Keeps x within what an integer holds; NaN becomes a point far outside.
  constexpr C limit = C(1 << 30);
  if (!(x > -limit)) x = -limit;
  x = std::min(x, limit);
  // Cubic filters see the border pixels as they are: only their pixels are clamped or mirrored, as in PyTorch.
  if (attrs.mode != SampleMode::kCubic && (x < axis.low || x > axis.high)) {
    if (attrs.padding == SamplePadding::kBorder) x = std::clamp(x, C(0), static_cast<C>(axis.length - 1));
    if (attrs.padding == SamplePadding::kReflection) x = axis.reflect(x);
  }
  AxisTaps<C> taps{1, {}, {C(1)}};
  const auto floor = static_cast<int64_t>(std::floor(x));
  int64_t first = floor;
  if (attrs.mode == SampleMode::kNearest) {
    first = static_cast<int64_t>(x);
  } else if (attrs.mode == SampleMode::kLinear) {
    taps.count = 2;
    taps.weights[1] = x - static_cast<C>(floor);
    taps.weights[0] = 1 - taps.weights[1];
  } else {
    taps.count = 4;
    first = floor - 1;
    cubic_weights(x - static_cast<C>(floor), taps.weights);
  }
  for (int64_t k = 0; k < taps.count; ++k) taps.pixels[k] = axis.pixel(first + k, attrs.padding);
  return taps;
}

// All input elements of one point with their weights: the product of the axes.
template <class C>
struct PointTaps {
  std::vector<int64_t> offsets;
  std::vector<C> weights;

  void assign(const std::vector<SampledAxis<C>>& axes, const AxisTaps<C>* taps) {
    offsets.assign(1, 0);
    weights.assign(1, C(1));
    for (size_t a = 0; a < axes.size(); ++a) {
      const size_t before = offsets.size();
      for (size_t i = 0; i < before; ++i) {
        for (int64_t k = 0; k < taps[a].count; ++k) {
          if (taps[a].pixels[k] < 0) continue;
          offsets.push_back(offsets[i] * axes[a].length + taps[a].pixels[k]);
          weights.push_back(weights[i] * taps[a].weights[k]);
        }
      }
      offsets.erase(offsets.begin(), offsets.begin() + static_cast<ptrdiff_t>(before));
      weights.erase(weights.begin(), weights.begin() + static_cast<ptrdiff_t>(before));
    }
  }
};

template <class T>
T to_element(double v) {
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    constexpr T low = std::numeric_limits<T>::min(), high = std::numeric_limits<T>::max();
    if (!(v > static_cast<double>(low))) return low;
    return v >= static_cast<double>(high) ? high : static_cast<T>(v);
  } else {
    return static_cast<T>(v);
  }
}

template <class T, class C>
void sample(const GridSampleAttrs& attrs, const Tensor& x, const Tensor& grid, Tensor& y, ThreadPool& threads) {
  const size_t rank = x.rank() - 2;
  const int64_t channels = x.dim(1);
  int64_t plane = 1, points = 1;
  std::vector<SampledAxis<C>> axes;
  for (size_t a = 0; a < rank; ++a) {
    axes.emplace_back(x.dim(a + 2), attrs.align_corners);
    plane *= x.dim(a + 2);
    points *= y.dim(a + 2);
  }
  threads.parallel_for(x.dim(0) * points, 256, [&](int64_t begin, int64_t end) {
    PointTaps<C> taps;
    AxisTaps<C> along[kMostAxes];
    for (int64_t p = begin; p < end; ++p) {
      const C* point = grid.data<C>() + p * static_cast<int64_t>(rank);
      for (size_t a = 0; a < rank; ++a) along[a] = taps_at(attrs, axes[a], point[rank - 1 - a]);
      taps.assign(axes, along);
      const int64_t image = p / points * channels;
      for (int64_t c = image; c < image + channels; ++c) {
        const T* in = x.data<T>() + c * plane;
        double sum = 0;
        for (size_t k = 0; k < taps.offsets.size(); ++k) {
          sum += static_cast<double>(taps.weights[k]) * static_cast<double>(in[taps.offsets[k]]);
        }
        y.data<T>()[c * points + p % points] = to_element<T>(sum);
      }
    }
  });
}

}  // namespace

Status infer_grid_sample(InferContext& context) {
  const auto& attrs = context.attrs<GridSampleAttrs>();
  const SymDims *x = context.dims(0), *grid = context.dims(1);
  if (context.dtype(0) == DType::kBool && attrs.mode != SampleMode::kNearest) {
    return unsupported("interpolation of bool").expecting("numbers, or mode nearest");
  }
  if (!x || !grid) return context.set(0, context.dtype(0)), ok();
  const size_t rank = x->size();
  if (rank < 3 || rank > kMostAxes + 2 || grid->size() != rank || !may_equal((*grid)[0], (*x)[0]) ||
      !may_equal((*grid)[rank - 1], static_cast<int64_t>(rank - 2))) {
    return invalid_model(format("input {} with grid {}", to_string(*x), to_string(*grid)))
        .expecting("[N, C, d1 … dr] and [N, o1 … or, r], r from 1 to 6");
  }
  SymDims out(x->begin(), x->begin() + 2);
  for (size_t i = 1; i + 1 < rank; ++i) {
    if ((*x)[i + 1].is_number(0)) return invalid_model(format("input of shape {}", to_string(*x))).expecting("pixels");
    out.push_back((*grid)[i]);
  }
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_grid_sample(KernelContext& context) {
  const auto& attrs = context.attrs<GridSampleAttrs>();
  Tensor& y = context.output(0);
  if (y.size() == 0) return ok();
  for (size_t a = 2; a < context.input(0).rank(); ++a) {
    if (context.input(0).dim(a) == 0) return runtime_error("the input has no pixels").expecting("at least one");
  }
  THANE_ASSIGN(const Tensor x, widened(context.input(0), context.threads()));
  THANE_ASSIGN(const Tensor grid, widened(context.input(1), context.threads()));
  THANE_ASSIGN(WideOutput wide, WideOutput::make(y, x.dtype()));
  dispatch<float, double>(grid.dtype(), [&]<class C>() {
    dispatch<float, double, bool>(x.dtype(),
                                  [&]<class T>() { sample<T, C>(attrs, x, grid, wide.tensor(), context.threads()); }) ||
        dispatch_ints(x.dtype(), [&]<class T>() { sample<T, C>(attrs, x, grid, wide.tensor(), context.threads()); });
  });
  wide.finish(context.threads());
  return ok();
}

}  // namespace thane
