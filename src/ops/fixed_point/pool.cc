// Averages of integers, rounded to the nearest, halves away from zero. Padding does not count.
#include "ops/fixed_point/fixed_point.h"
#include "ops/pool/windows.h"

namespace thane {
namespace {

template <class T>
class Averages {
 public:
  Averages(const T* x, T* y, const FixedAveragePoolAttrs& attrs) : x_(x), y_(y), attrs_(attrs) {}
  void begin(const PoolRun& run) {
    std::fill_n(sums_, run.count, int64_t{0});
    std::fill_n(counts_, run.count, int64_t{0});
  }
  void tap(const PoolRun&, const TapSpan& span) {
    const T* in = x_ + span.index;
    for (int64_t i = 0; i < span.count; ++i) {
      sums_[span.first + i] += in[i * span.stride];
      ++counts_[span.first + i];
    }
  }
  void end(const PoolRun& run) {
    for (int64_t i = 0; i < run.count; ++i) {
      const int64_t n = std::max<int64_t>(counts_[i], 1), sum = sums_[i];
      const int64_t mean = sum > 0 ? (sum + n / 2) / n : (sum - n / 2) / n;
      y_[run.offset + i * run.stride] = static_cast<T>(std::clamp(mean, attrs_.low, attrs_.high));
    }
  }

 private:
  const T* x_;
  T* y_;
  const FixedAveragePoolAttrs& attrs_;
  int64_t sums_[kPoolRunOutputs], counts_[kPoolRunOutputs];
};

}  // namespace

Status infer_fixed_average_pool(InferContext& context) { return infer_average_pool(context); }

Status eval_fixed_average_pool(KernelContext& context) {
  const auto& attrs = context.attrs<FixedAveragePoolAttrs>();
  const Tensor &x = context.input(0), &y = context.output(0);
  if (y.size() == 0) return ok();
  THANE_ASSIGN(const auto axes, resolve_pool(attrs, x.dims()));
  THANE_ASSIGN(const Lattice lattice, pool_lattice(attrs, axes, x.dims()));
  dispatch<int8_t, uint8_t, int16_t>(x.dtype(), [&]<class T>() {
    for_each_window(lattice, context.threads(), [&] { return Averages<T>(x.data<T>(), y.data<T>(), attrs); });
  });
  return ok();
}

}  // namespace thane
