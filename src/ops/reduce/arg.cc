// ArgMax and ArgMin. NaN counts as the extreme, as in NumPy.
#include "base/format.h"
#include "ops/convert.h"
#include "ops/reduce/axis_view.h"
#include "ops/reduce/reduce.h"

namespace thane {
namespace {

template <class T, bool kMax>
bool beats(T challenger, T best, bool ties) {
  if (challenger != challenger) return best == best || ties;
  if (best != best) return false;
  if (challenger == best) return ties;
  return kMax ? challenger > best : challenger < best;
}

template <class T, bool kMax>
void find(const T* in, const AxisView& view, bool last, int64_t* out, ThreadPool& threads) {
  for_column_blocks(view, threads, [&](int64_t first, int64_t width) {
    // The outputs are the lines in order: divide the axis out of the block's position.
    const int64_t line = view.n ? first / (view.n * view.inner) * view.inner + first % view.inner : 0;
    T best[kColumns];
    for (int64_t k = 0; k < width; ++k) {
      best[k] = in[first + k];
      out[line + k] = 0;
    }
    for (int64_t i = 1; i < view.n; ++i) {
      const T* row = in + first + i * view.inner;
      for (int64_t k = 0; k < width; ++k) {
        if (!beats<T, kMax>(row[k], best[k], last)) continue;
        best[k] = row[k];
        out[line + k] = i;
      }
    }
  });
}

template <bool kMax>
Status eval_arg(KernelContext& context) {
  const auto& attrs = context.attrs<ArgAttrs>();
  const Tensor& input = context.input(0);
  const Tensor& output = context.output(0);
  if (output.size() == 0) return ok();
  THANE_ASSIGN(const size_t axis, normalize_axis(attrs.axis, input.rank()));
  THANE_ASSIGN(const Tensor x, converted(input, wide_dtype(input.dtype()), context.threads()));
  const AxisView view(x.dims(), axis);
  dispatch<float, double, int64_t, uint64_t>(x.dtype(), [&]<class T>() {
    find<T, kMax>(x.data<T>(), view, attrs.select_last_index, output.data<int64_t>(), context.threads());
  });
  return ok();
}

}  // namespace

Status infer_arg(InferContext& context) {
  const auto& attrs = context.attrs<ArgAttrs>();
  const SymDims* dims = context.dims(0);
  if (!dims) return context.set(0, DType::kInt64), ok();
  THANE_ASSIGN(const size_t axis, normalize_axis(attrs.axis, dims->size()));
  SymDims out = *dims;
  if (attrs.keepdims)
    out[axis] = Dim(1);
  else
    out.erase(out.begin() + static_cast<ptrdiff_t>(axis));
  if ((*dims)[axis].is_number(0) && !count_of(out).is_number(0)) {
    return invalid_model(format("axis {} of shape {} has no elements to choose from", axis, to_string(*dims)));
  }
  context.set(0, DType::kInt64, std::move(out));
  return ok();
}

Status eval_arg_max(KernelContext& context) { return eval_arg<true>(context); }
Status eval_arg_min(KernelContext& context) { return eval_arg<false>(context); }

}  // namespace thane
