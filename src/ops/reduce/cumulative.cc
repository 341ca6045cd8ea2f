// CumSum and CumProd: running sums and products along an axis. Integers wrap; float32 is accumulated in float64.
#include "base/format.h"
#include "ops/convert.h"
#include "ops/reduce/axis_view.h"
#include "ops/reduce/reduce.h"
#include "ops/shape_values.h"

namespace thane {
namespace {

template <class T, bool kProduct>
void accumulate(const T* in, const AxisView& view, const CumulativeAttrs& attrs, T* out, ThreadPool& threads) {
  using Acc = std::conditional_t<std::is_integral_v<T>, uint64_t, double>;
  for_column_blocks(view, threads, [&](int64_t first, int64_t width) {
    Acc acc[kColumns];
    std::fill(acc, acc + width, kProduct ? Acc{1} : Acc{0});
    for (int64_t i = 0; i < view.n; ++i) {
      const int64_t at = first + (attrs.reverse ? view.n - 1 - i : i) * view.inner;
      for (int64_t k = 0; k < width; ++k) {
        const Acc before = acc[k];
        const auto x = static_cast<Acc>(in[at + k]);
        acc[k] = kProduct ? before * x : before + x;
        out[at + k] = static_cast<T>(attrs.exclusive ? before : acc[k]);
      }
    }
  });
}

template <bool kProduct>
Status eval_cumulative(KernelContext& context) {
  const auto& attrs = context.attrs<CumulativeAttrs>();
  const Tensor& input = context.input(0);
  Tensor& output = context.output(0);
  if (context.input(1).size() != 1) {
    return runtime_error(format("axis has {} elements", context.input(1).size())).expecting("1");
  }
  THANE_ASSIGN(const size_t axis, normalize_axis(context.input(1).as_int64(0), input.rank()));
  if (input.size() == 0) return ok();
  const DType wide = wide_dtype(input.dtype());
  THANE_ASSIGN(const Tensor x, converted(input, wide, context.threads()));
  Tensor y = output;
  if (wide != output.dtype()) {
    THANE_ASSIGN(y, Tensor::allocate(wide, output.dims()));
  }
  dispatch<float, double, int64_t, uint64_t>(wide, [&]<class T>() {
    accumulate<T, kProduct>(x.data<T>(), AxisView(x.dims(), axis), attrs, y.data<T>(), context.threads());
  });
  if (wide != output.dtype()) convert_tensor(y, output, context.threads());
  return ok();
}

}  // namespace

Status infer_cumulative(InferContext& context) {
  const SymDims* dims = context.dims(0);
  THANE_ASSIGN(const auto axis, known_int(context, 1, "axis"));
  if (dims && axis) THANE_TRY(normalize_axis(*axis, dims->size()));
  context.set(0, context.dtype(0), dims ? std::optional(*dims) : std::nullopt);
  return ok();
}

Status eval_cum_sum(KernelContext& context) { return eval_cumulative<false>(context); }
Status eval_cum_prod(KernelContext& context) { return eval_cumulative<true>(context); }

}  // namespace thane
