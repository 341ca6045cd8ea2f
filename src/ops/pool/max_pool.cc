// MaxPool, with the places of the maxima on demand. The first of equal elements wins; NaN never does.
#include <limits>

#include "ops/pool/windows.h"
#include "ops/widen.h"

namespace thane {
namespace {

// Below or equal to everything; also the result of a window that lies in the padding altogether.
template <class T>
constexpr T kLeast = std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity()
                                                          : std::numeric_limits<T>::lowest();

template <class T>
class MaxReducer {
 public:
  MaxReducer(const T* x, T* y) : x_(x), y_(y) {}
  void begin(const PoolRun& run) { std::fill_n(best_, run.count, kLeast<T>); }
  void tap(const PoolRun&, const TapSpan& span) {
    const T* in = x_ + span.index;
    T* best = best_ + span.first;
    for (int64_t i = 0; i < span.count; ++i) {
      const T v = in[i * span.stride];
      best[i] = v > best[i] ? v : best[i];
    }
  }
  void end(const PoolRun& run) {
    for (int64_t i = 0; i < run.count; ++i) y_[run.offset + i * run.stride] = best_[i];
  }

 private:
  const T* x_;
  T* y_;
  T best_[kPoolRunOutputs];
};

// Keeps the place of each maximum as well; -1 where a window has no element.
template <class T>
class ArgMaxReducer {
 public:
  ArgMaxReducer(const T* x, T* y, int64_t* indices) : x_(x), y_(y), indices_(indices) {}
  void begin(const PoolRun& run) {
    std::fill_n(best_, run.count, kLeast<T>);
    std::fill_n(place_, run.count, int64_t{-1});
  }
  void tap(const PoolRun&, const TapSpan& span) {
    for (int64_t i = 0; i < span.count; ++i) {
      const int64_t index = span.index + i * span.stride;
      T& best = best_[span.first + i];
      int64_t& place = place_[span.first + i];
      if (x_[index] > best || place < 0) {
        best = std::max(best, x_[index]);  // `best` when the element is NaN
        place = index;
      }
    }
  }
  void end(const PoolRun& run) {
    for (int64_t i = 0; i < run.count; ++i) {
      y_[run.offset + i * run.stride] = best_[i];
      indices_[run.offset + i * run.stride] = place_[i];
    }
  }

 private:
  const T* x_;
  T* y_;
  int64_t* indices_;
  T best_[kPoolRunOutputs];
  int64_t place_[kPoolRunOutputs];
};

// Indices in memory order → within a channel, the first spatial axis fastest.
void to_column_major(const std::vector<WindowAxis>& axes, const Lattice& lattice, int64_t channels, Tensor& indices) {
  int64_t elements = 1;
  for (const WindowAxis& axis : axes) elements *= axis.in;
  for (int64_t& index : indices.span<int64_t>()) {
    if (index < 0) continue;
    const int64_t image = index / lattice.in_batch_stride, within = index % lattice.in_batch_stride;
    const bool first = lattice.in_channel_stride != 1 || channels == 1;
    const int64_t channel = first ? within / elements : within % channels;
    int64_t rest = first ? within % elements : within / channels;
    int64_t scale = elements, result = (image * channels + channel) * elements;
    for (size_t i = axes.size(); i-- > 0;) {
      scale /= axes[i].in;
      result += rest % axes[i].in * scale;
      rest /= axes[i].in;
    }
    index = result;
  }
}

}  // namespace

Status eval_max_pool(KernelContext& context) {
  const auto& attrs = context.attrs<MaxPoolAttrs>();
  if (context.output(0).size() == 0) return ok();
  THANE_ASSIGN(const Tensor x, widened(context.input(0), context.threads()));
  THANE_ASSIGN(WideOutput y, WideOutput::make(context.output(0), x.dtype()));
  THANE_ASSIGN(const auto axes, resolve_pool(attrs, x.dims()));
  THANE_ASSIGN(const Lattice lattice, pool_lattice(attrs, axes, x.dims()));
  Tensor* indices = context.wants_output(1) ? &context.output(1) : nullptr;
  dispatch<float, double, int8_t, uint8_t>(x.dtype(), [&]<class T>() {
    const T* in = x.data<T>();
    T* out = y.tensor().data<T>();
    if (indices) {
      int64_t* places = indices->data<int64_t>();
      for_each_window(lattice, context.threads(), [&] { return ArgMaxReducer<T>(in, out, places); });
    } else {
      for_each_window(lattice, context.threads(), [&] { return MaxReducer<T>(in, out); });
    }
  });
  if (indices && attrs.storage_order == 1) {
    to_column_major(axes, lattice, x.dim(channel_axis(attrs.layout, x.rank())), *indices);
  }
  y.finish(context.threads());
  return ok();
}

}  // namespace thane
