// Softmax, LogSoftmax and Hardmax along one axis.
#include <cmath>

#include "ops/convert.h"
#include "ops/reduce/axis_view.h"
#include "ops/reduce/reduce.h"

namespace thane {
namespace {

template <class T>
T largest(const T* x, int64_t n) {
  constexpr int64_t kLanes = 16;
  T lanes[kLanes];
  std::fill(lanes, lanes + kLanes, x[0]);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] = std::max(lanes[lane], x[i + lane]);
  }
  for (; i < n; ++i) lanes[0] = std::max(lanes[0], x[i]);
  return *std::max_element(lanes, lanes + kLanes);
}

// One contiguous line. Subtracting the largest element first keeps the exponentials finite.
template <class T, bool kLog>
void softmax_row(const T* x, T* y, int64_t n) {
  const T top = largest(x, n);
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) {
    const T e = std::exp(x[i] - top);
    sum += e;
    if (!kLog) y[i] = e;
  }
  const T total = static_cast<T>(kLog ? std::log(sum) : sum);
  for (int64_t i = 0; i < n; ++i) y[i] = kLog ? x[i] - top - total : y[i] / total;
}

// Up to kColumns lines side by side, `stride` apart along the axis.
template <class T, bool kLog>
void softmax_columns(const T* x, T* y, int64_t n, int64_t stride, int64_t width) {
  T top[kColumns];
  double sum[kColumns] = {};
  std::copy(x, x + width, top);
  for (int64_t i = 1; i < n; ++i) {
    for (int64_t k = 0; k < width; ++k) top[k] = std::max(top[k], x[i * stride + k]);
  }
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t k = 0; k < width; ++k) {
      const T e = std::exp(x[i * stride + k] - top[k]);
      sum[k] += e;
      if (!kLog) y[i * stride + k] = e;
    }
  }
  T total[kColumns];
  for (int64_t k = 0; k < width; ++k) total[k] = static_cast<T>(kLog ? std::log(sum[k]) : sum[k]);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t k = 0; k < width; ++k) {
      const int64_t at = i * stride + k;
      y[at] = kLog ? x[at] - top[k] - total[k] : y[at] / total[k];
    }
  }
}

// 1 at the first largest element of each line, 0 elsewhere.
template <class T>
void hardmax_columns(const T* x, T* y, int64_t n, int64_t stride, int64_t width) {
  for (int64_t k = 0; k < width; ++k) {
    int64_t best = 0;
    for (int64_t i = 1; i < n; ++i) {
      if (x[i * stride + k] > x[best * stride + k]) best = i;
    }
    for (int64_t i = 0; i < n; ++i) y[i * stride + k] = static_cast<T>(i == best);
  }
}

// Runs columns(T x*, T y*, n, stride, width) over all lines along the axis, in float32 or float64.
template <class Columns>
Status for_lines(KernelContext& context, const Columns& columns) {
  const Tensor& input = context.input(0);
  Tensor& output = context.output(0);
  THANE_ASSIGN(const size_t axis, normalize_axis(context.attrs<SoftmaxAttrs>().axis, input.rank()));
  if (input.size() == 0) return ok();
  const DType wide = wide_dtype(input.dtype());
  THANE_ASSIGN(const Tensor x, converted(input, wide, context.threads()));
  Tensor y = output;
  if (wide != output.dtype()) {
    THANE_ASSIGN(y, Tensor::allocate(wide, output.dims()));
  }
  const AxisView view(x.dims(), axis);
  dispatch<float, double>(wide, [&]<class T>() {
    for_column_blocks(view, context.threads(), [&](int64_t first, int64_t width) {
      columns(x.data<T>() + first, y.data<T>() + first, view.n, view.inner, width);
    });
  });
  if (wide != output.dtype()) convert_tensor(y, output, context.threads());
  return ok();
}

template <bool kLog>
Status eval_exponential(KernelContext& context) {
  return for_lines(context, []<class T>(const T* x, T* y, int64_t n, int64_t stride, int64_t width) {
    if (stride == 1)
      softmax_row<T, kLog>(x, y, n);
    else
      softmax_columns<T, kLog>(x, y, n, stride, width);
  });
}

}  // namespace

Status infer_softmax(InferContext& context) {
  const SymDims* dims = context.dims(0);
  if (dims) THANE_TRY(normalize_axis(context.attrs<SoftmaxAttrs>().axis, dims->size()));
  context.set(0, context.dtype(0), dims ? std::optional(*dims) : std::nullopt);
  return ok();
}

Status eval_softmax(KernelContext& context) { return eval_exponential<false>(context); }
Status eval_log_softmax(KernelContext& context) { return eval_exponential<true>(context); }
Status eval_hardmax(KernelContext& context) {
  return for_lines(context, []<class T>(const T* x, T* y, int64_t n, int64_t stride, int64_t width) {
    hardmax_columns(x, y, n, stride, width);
  });
}

}  // namespace thane
