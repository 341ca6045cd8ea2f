#include "ops/recurrent/layer.h"

#include "base/format.h"

namespace thane {

Result<LayerInputs> LayerInputs::read(KernelContext& context, const RecurrentAttrs& attrs, int64_t gates) {
  LayerInputs in;
  Tensor* const tensors[] = {&in.x, &in.w, &in.r, &in.b, nullptr, &in.h, &in.c, &in.p};
  for (size_t i = 0; i < std::size(tensors); ++i) {
    if (!tensors[i] || !context.has_input(i)) continue;
    THANE_ASSIGN(*tensors[i], widened(context.input(i), context.threads()));
  }
  in.shape = {in.x.dim(attrs.layout ? 1 : 0), in.x.dim(attrs.layout ? 0 : 1), in.x.dim(2), in.r.dim(2), gates};
  in.lengths.assign(static_cast<size_t>(in.shape.batch), in.shape.steps);
  if (!context.has_input(4)) return in;
  for (int64_t b = 0; b < in.shape.batch; ++b) {
    const int64_t length = context.input(4).data<int32_t>()[b];
    if (length < 0 || length > in.shape.steps) {
      return runtime_error(format("sequence_lens[{}] is {}", b, length)).expecting(format("0 to {}", in.shape.steps));
    }
    in.lengths[static_cast<size_t>(b)] = length;
  }
  return in;
}

}  // namespace thane
