// The poolings whose window is the whole channel.
#include <cmath>
#include <limits>

#include "ops/pool/pool.h"
#include "ops/widen.h"

namespace thane {
namespace {

// y[channel] = finish(combine over all elements v of the channel), in double.
template <class Combine, class Finish>
Status reduce_channels(KernelContext& context, double start, const Combine& combine, const Finish& finish) {
  const auto layout = context.attrs<GlobalPoolAttrs>().layout;
  THANE_ASSIGN(const Tensor x, widened(context.input(0), context.threads()));
  THANE_ASSIGN(WideOutput y, WideOutput::make(context.output(0), x.dtype()));
  const int64_t outputs = y.tensor().size();
  if (outputs == 0) return ok();
  const int64_t elements = x.size() / outputs;
  const bool first = layout == DataLayout::kChannelsFirst;
  const int64_t channels = x.dim(channel_axis(layout, x.rank()));
  const int64_t stride = first ? 1 : channels;
  dispatch<float, double>(x.dtype(), [&]<class T>() {
    context.threads().parallel_for(outputs, 1 + 16384 / (elements + 1), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* in = x.data<T>() + (first ? i * elements : i / channels * channels * elements + i % channels);
        double result = start;
        for (int64_t j = 0; j < elements; ++j) result = combine(result, static_cast<double>(in[j * stride]));
        y.tensor().data<T>()[i] = static_cast<T>(finish(result, static_cast<double>(elements)));
      }
    });
  });
  y.finish(context.threads());
  return ok();
}

}  // namespace

Status eval_global_average_pool(KernelContext& context) {
  return reduce_channels(
      context, 0, [](double sum, double v) { return sum + v; }, [](double sum, double count) { return sum / count; });
}

Status eval_global_max_pool(KernelContext& context) {
  return reduce_channels(
      context, -std::numeric_limits<double>::infinity(), [](double best, double v) { return v > best ? v : best; },
      [](double best, double) { return best; });
}

Status eval_global_lp_pool(KernelContext& context) {
  const auto p = static_cast<double>(context.attrs<GlobalLpPoolAttrs>().p);
  return reduce_channels(
      context, 0, [p](double sum, double v) { return sum + std::pow(std::fabs(v), p); },
      [p](double sum, double) { return std::pow(sum, 1 / p); });
}

}  // namespace thane
