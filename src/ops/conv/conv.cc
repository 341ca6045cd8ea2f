// Conv: y[n, m, o] = b[m] + Σ over channels c of the group and taps t of w[m, c, t] · x[n, c, o·stride - pad +
// t·dilation]. Half precision is summed in float32.
#include "ops/conv/convolve.h"
#include "ops/conv/typed.h"

namespace thane {

Status eval_conv(KernelContext& context) {
  const Tensor& x = context.input(0);
  const Tensor& weights = context.input(1);
  const Tensor* bias = context.has_input(2) ? &context.input(2) : nullptr;
  THANE_ASSIGN(const ConvShape shape, resolve_conv(context.attrs<ConvAttrs>(), x.dims(), weights.dims()));
  Tensor& y = context.output(0);
  if (y.size() == 0) return ok();
  const Lattice lattice = conv_lattice(shape);
  dispatch_floats(x.dtype(), [&]<class T>() {
    using Acc = AccumulatorOf<T>;
    const Widened<T> w(weights);
    const ChannelStore<T> store(bias, y);
    convolve<Acc>(
        lattice, x.data<T>(), w.data(), context.threads(), [](T v) { return static_cast<Acc>(v); }, store);
  });
  return ok();
}

}  // namespace thane
