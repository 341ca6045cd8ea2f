// AveragePool and LpPool, summed in double.
#include <cmath>

#include "ops/pool/windows.h"
#include "ops/widen.h"

namespace thane {
namespace {

// Adds term(x) over each window; finish(sum, position) makes the output.
template <class T, class Term, class Finish>
class SumReducer {
 public:
  SumReducer(const T* x, T* y, const Term& term, const Finish& finish) : x_(x), y_(y), term_(term), finish_(finish) {}
  void begin(const PoolRun& run) { std::fill_n(sums_, run.count, 0.0); }
  void tap(const PoolRun&, const TapSpan& span) {
    const T* in = x_ + span.index;
    double* sums = sums_ + span.first;
    for (int64_t i = 0; i < span.count; ++i) sums[i] += term_(static_cast<double>(in[i * span.stride]));
  }
  void end(const PoolRun& run) {
    for (int64_t i = 0; i < run.count; ++i) {
      y_[run.offset + i * run.stride] = static_cast<T>(finish_(sums_[i], run.position + i));
    }
  }

 private:
  const T* x_;
  T* y_;
  const Term& term_;
  const Finish& finish_;
  double sums_[kPoolRunOutputs];
};

template <class Term, class Finish>
Status pool_sums(KernelContext& context, const PoolAttrs& attrs, const std::vector<WindowAxis>& axes, const Term& term,
                 const Finish& finish) {
  THANE_ASSIGN(const Tensor x, widened(context.input(0), context.threads()));
  THANE_ASSIGN(WideOutput y, WideOutput::make(context.output(0), x.dtype()));
  THANE_ASSIGN(const Lattice lattice, pool_lattice(attrs, axes, x.dims()));
  dispatch<float, double>(x.dtype(), [&]<class T>() {
    for_each_window(lattice, context.threads(),
                    [&] { return SumReducer<T, Term, Finish>(x.data<T>(), y.tensor().data<T>(), term, finish); });
  });
  y.finish(context.threads());
  return ok();
}

// How many taps of the window at `o` lie in [low, high).
int64_t taps_between(const WindowAxis& axis, int64_t o, int64_t low, int64_t high) {
  const int64_t start = axis.start(o);
  const int64_t first = start >= low ? 0 : (low - start + axis.dilation - 1) / axis.dilation;
  const int64_t last = start >= high ? 0 : (high - 1 - start) / axis.dilation + 1;
  return std::max<int64_t>(0, std::min(last, axis.kernel) - first);
}

}  // namespace

AverageCounts::AverageCounts(const std::vector<WindowAxis>& axes, bool include_pad) {
  for (const WindowAxis& axis : axes) {
    auto& row = counts_.emplace_back();
    for (int64_t o = 0; o < axis.out; ++o) {
      row.push_back(static_cast<double>(
          taps_between(axis, o, include_pad ? -axis.pad_begin : 0, axis.in + (include_pad ? axis.pad_end : 0))));
    }
  }
}

double AverageCounts::at(int64_t position) const {
  double count = 1;
  for (size_t i = counts_.size(); i-- > 0;) {
    const auto out = static_cast<int64_t>(counts_[i].size());
    count *= counts_[i][static_cast<size_t>(position % out)];
    position /= out;
  }
  return count;
}

Status eval_average_pool(KernelContext& context) {
  const auto& attrs = context.attrs<AveragePoolAttrs>();
  if (context.output(0).size() == 0) return ok();
  THANE_ASSIGN(const auto axes, resolve_pool(attrs, context.input(0).dims()));
  const AverageCounts counts(axes, attrs.count_include_pad);
  return pool_sums(
      context, attrs, axes, [](double v) { return v; },
      [&](double sum, int64_t position) { return sum / counts.at(position); });
}

Status eval_lp_pool(KernelContext& context) {
  const auto& attrs = context.attrs<LpPoolAttrs>();
  if (context.output(0).size() == 0) return ok();
  THANE_ASSIGN(const auto axes, resolve_pool(attrs, context.input(0).dims()));
  const auto p = static_cast<double>(attrs.p);
  return pool_sums(
      context, attrs, axes, [&](double v) { return std::pow(std::fabs(v), p); },
      [&](double sum, int64_t) { return std::pow(sum, 1 / p); });
}

}  // namespace thane
