// LRN: y[n, c, …] = x / (bias + alpha / size · Σ x²) ^ beta, the sum over the channels within (size - 1) / 2 of c.
// Krizhevsky et al., ImageNet classification with deep convolutional neural networks (2012).
#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "ops/image/image.h"
#include "ops/widen.h"

namespace thane {

Status infer_lrn(InferContext& context) {
  const auto& attrs = context.attrs<LrnAttrs>();
  if (attrs.size < 1) return invalid_model(format("size is {}", attrs.size)).expecting("at least 1");
  const SymDims* x = context.dims(0);
  if (x && x->size() < 2) {
    return invalid_model(format("input of shape {}", to_string(*x))).expecting("batch and channels at least");
  }
  context.set(0, context.dtype(0), x ? std::optional(*x) : std::nullopt);
  return ok();
}

Status eval_lrn(KernelContext& context) {
  const auto& attrs = context.attrs<LrnAttrs>();
  THANE_ASSIGN(const Tensor x, widened(context.input(0), context.threads()));
  THANE_ASSIGN(WideOutput y, WideOutput::make(context.output(0), x.dtype()));
  if (x.size() == 0) return ok();
  const bool first = attrs.layout == DataLayout::kChannelsFirst;
  const int64_t channels = x.dim(channel_axis(attrs.layout, x.rank()));
  const int64_t stride = first ? x.size() / x.dim(0) / channels : 1;  // between channels
  const int64_t before = std::min((attrs.size - 1) / 2, channels), after = std::min(attrs.size / 2, channels);
  const double scale = static_cast<double>(attrs.alpha) / static_cast<double>(attrs.size);
  dispatch<float, double>(x.dtype(), [&]<class T>() {
    const T* in = x.data<T>();
    T* out = y.tensor().data<T>();
    context.threads().parallel_for(x.size(), 2048, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t c = i / stride % channels;
        double sum = 0;
        for (int64_t k = std::max<int64_t>(-before, -c); k <= std::min(after, channels - 1 - c); ++k) {
          const auto v = static_cast<double>(in[i + k * stride]);
          sum += v * v;
        }
        out[i] = static_cast<T>(static_cast<double>(in[i]) / std::pow(attrs.bias + scale * sum, attrs.beta));
      }
    });
  });
  y.finish(context.threads());
  return ok();
}

}  // namespace thane
