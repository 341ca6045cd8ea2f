#include "base/format.h"
#include "ops/fixed_point/fixed_point.h"

namespace thane {

Status infer_lookup(InferContext& context) {
  const int64_t values = int64_t{1} << dtype_bits(context.dtype(0));
  if (const SymDims* table = context.dims(1)) {
    if (table->size() != 1 || ((*table)[0].is_number() && (*table)[0].number() != values)) {
      return invalid_model(format("a table of {}", to_string(*table))).expecting(format("[{}]", values));
    }
  }
  const SymDims* dims = context.dims(0);
  context.set(0, context.dtype(1), dims ? std::optional(*dims) : std::nullopt);
  return ok();
}

Status eval_lookup(KernelContext& context) {
  const Tensor &x = context.input(0), &table = context.input(1), &y = context.output(0);
  constexpr int64_t kGrain = 16384;
  dispatch<int8_t, uint8_t, int16_t, uint16_t>(x.dtype(), [&]<class In>() {
    dispatch_by_size(y.dtype(), [&]<class Out>() {
      const In* in = x.data<In>();
      // The table's middle is where 0 is.
      const Out* zero = table.data<Out>() - std::numeric_limits<In>::min();
      Out* out = y.data<Out>();
      context.threads().parallel_for(x.size(), kGrain, [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) out[i] = zero[in[i]];
      });
    });
  });
  return ok();
}

}  // namespace thane
