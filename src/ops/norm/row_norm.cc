// LayerNormalization, RMSNormalization, MeanVarianceNormalization, LpNormalization: normalizations along axes.
#include <cmath>

#include "base/format.h"
#include "kernels/copy.h"
#include "ops/norm/norm.h"
#include "ops/norm/statistics.h"
#include "ops/widen.h"

namespace thane {
namespace {

int64_t product(const Dims& dims, size_t begin, size_t end) {
  int64_t size = 1;
  for (size_t i = begin; i < end; ++i) size *= dims[i];
  return size;
}

// A scale or bias as rows to multiply or add with: one row for all, or one for each.
struct Parameter {
  Tensor values;
  bool per_row = false;

  template <class T>
  const T* row(int64_t index, int64_t n) const {
    return values.defined() ? values.data<T>() + (per_row ? index * n : 0) : nullptr;
  }
};

// Broadcasts `tensor` to the axes of x from `axis` on, or to all of x where it varies over the others too.
Result<Parameter> broadcast_parameter(const Tensor& tensor, const Tensor& x, size_t axis, ThreadPool& threads) {
  THANE_ASSIGN(Tensor wide, Tensor::allocate(x.dtype(), tensor.dims()));
  narrow(tensor, wide, threads);
  const size_t offset = x.rank() - tensor.rank();
  Parameter out;
  for (size_t i = 0; i < tensor.rank(); ++i) out.per_row |= offset + i < axis && tensor.dim(i) != 1;
  const size_t first = out.per_row ? 0 : axis;
  const Dims dims(x.dims().begin() + static_cast<ptrdiff_t>(first), x.dims().end());
  const Dims strides = row_major_strides(tensor.dims());
  Dims from(dims.size(), 0);
  for (size_t i = first; i < x.rank(); ++i) {
    if (i >= offset && tensor.dim(i - offset) != 1) from[i - first] = strides[i - offset];
  }
  THANE_ASSIGN(out.values, Tensor::allocate(x.dtype(), dims));
  copy_strided(x.dtype(), dims, wide.raw(), from, out.values.raw(), row_major_strides(dims), threads);
  return out;
}

struct RowNorm {
  int64_t rows, n;
  double epsilon;
  bool centered;  // subtract the mean
  Parameter scale, bias;
};

template <class T>
double mean_square(const T* x, int64_t n) {
  return sum_of(n, [x](int64_t i) { return static_cast<double>(x[i]) * static_cast<double>(x[i]); }) /
         static_cast<double>(n);
}

// y = (x − mean) · inverse · scale + bias for each row. means and inverses get one number per row where not null.
template <class T>
void normalize_rows(const RowNorm& norm, const T* x, T* y, double* means, double* inverses, ThreadPool& threads) {
  threads.parallel_for(norm.rows, grain_for(norm.n), [&](int64_t begin, int64_t end) {
    const int64_t n = norm.n;
    for (int64_t r = begin; r < end; ++r) {
      const T* __restrict from = x + r * n;
      T* __restrict to = y + r * n;
      Moments moments{};
      if (norm.centered)
        moments = moments_of(from, 1, 0, n);
      else
        moments.variance = mean_square(from, n);
      const double inverse = 1 / std::sqrt(moments.variance + norm.epsilon);
      const T mean = static_cast<T>(moments.mean), factor = static_cast<T>(inverse);
      const T* __restrict scale = norm.scale.row<T>(r, n);
      const T* __restrict bias = norm.bias.row<T>(r, n);
      for (int64_t i = 0; i < n; ++i) to[i] = (from[i] - mean) * factor * scale[i];
      if (bias) {
        for (int64_t i = 0; i < n; ++i) to[i] += bias[i];
      }
      if (means) means[r] = moments.mean;
      if (inverses) inverses[r] = inverse;
    }
  });
}

Status check_broadcasts_to(const InferContext& context, size_t i, const SymDims& x) {
  if (!context.has_input(i) || !context.dims(i)) return ok();
  const SymDims& dims = *context.dims(i);
  bool fits = dims.size() <= x.size();
  for (size_t k = 0; fits && k < dims.size(); ++k) {
    const Dim& want = x[x.size() - dims.size() + k];
    fits = !dims[k].is_number() || dims[k].is_number(1) || !want.is_number() || dims[k] == want;
  }
  if (fits) return ok();
  return invalid_model(format("input '{}' has the shape {}", context.node().op->input_param(i)->name, to_string(dims)))
      .expecting(format("one that broadcasts to {}", to_string(x)));
}

// Normalizes input 0 into output 0; outputs 1 and 2 get mean and inverse where they exist and are wanted.
Status eval_rows(KernelContext& context, bool centered) {
  const auto& attrs = context.attrs<RowNormalizationAttrs>();
  ThreadPool& threads = context.threads();
  THANE_ASSIGN(const Tensor x, widened(context.input(0), threads));
  THANE_ASSIGN(const size_t axis, normalize_axis(attrs.axis, x.rank()));
  THANE_ASSIGN(WideOutput out, WideOutput::make(context.output(0), x.dtype()));
  RowNorm norm{product(x.dims(), 0, axis), product(x.dims(), axis, x.rank()), attrs.epsilon, centered, {}, {}};
  THANE_ASSIGN(norm.scale, broadcast_parameter(context.input(1), x, axis, threads));
  if (context.has_input(2)) {
    THANE_ASSIGN(norm.bias, broadcast_parameter(context.input(2), x, axis, threads));
  }
  Tensor statistics[2];
  for (size_t i = 0; i < 2; ++i) {
    if (!context.wants_output(i + 1)) continue;
    THANE_ASSIGN(statistics[i], Tensor::allocate(DType::kFloat64, {norm.rows}));
  }
  const auto numbers = [](const Tensor& tensor) { return tensor.defined() ? tensor.data<double>() : nullptr; };
  const bool needed = x.size() > 0 || statistics[0].defined() || statistics[1].defined();
  if (!needed) return ok();
  dispatch<float, double>(x.dtype(), [&]<class T>() {
    normalize_rows(norm, x.data<T>(), out.tensor().data<T>(), numbers(statistics[0]), numbers(statistics[1]), threads);
  });
  out.finish(threads);
  for (size_t i = 0; i < 2; ++i) {
    if (statistics[i].defined()) narrow(statistics[i], context.output(i + 1), threads);
  }
  return ok();
}

// Axes that stay, then those summed over.
Result<std::vector<size_t>> reduced_last(const Dims& axes, size_t rank) {
  THANE_ASSIGN(const auto reduced, normalize_axes(axes, rank));
  std::vector<size_t> order;
  for (size_t i = 0; i < rank; ++i) {
    if (std::find(reduced.begin(), reduced.end(), i) == reduced.end()) order.push_back(i);
  }
  order.insert(order.end(), reduced.begin(), reduced.end());
  return order;
}

template <class T>
void lp_normalize(const T* x, T* y, int64_t outer, int64_t n, int64_t inner, int64_t p, ThreadPool& threads) {
  threads.parallel_for(outer * inner, grain_for(n), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const T* from = x + i / inner * n * inner + i % inner;
      T* to = y + (from - x);
      const double sum = sum_of(n, [&](int64_t k) {
        const double v = static_cast<double>(from[k * inner]);
        return p == 1 ? std::abs(v) : v * v;
      });
      const double norm = p == 1 ? sum : std::sqrt(sum);
      for (int64_t k = 0; k < n; ++k) {
        to[k * inner] = norm == 0 ? T(0) : static_cast<T>(static_cast<double>(from[k * inner]) / norm);
      }
    }
  });
}

}  // namespace

Status infer_layer_normalization(InferContext& context) {
  const auto& attrs = context.attrs<RowNormalizationAttrs>();
  if (!(mask_of(attrs.stash_type) & kFloats)) {
    return invalid_model(format("stash_type is {}", dtype_name(attrs.stash_type))).expecting("a floating-point type");
  }
  const SymDims* dims = context.dims(0);
  std::optional<SymDims> statistics;
  if (dims) {
    THANE_ASSIGN(const size_t axis, normalize_axis(attrs.axis, dims->size()));
    THANE_TRY(check_broadcasts_to(context, 1, *dims));
    THANE_TRY(check_broadcasts_to(context, 2, *dims));
    statistics = *dims;
    std::fill(statistics->begin() + static_cast<ptrdiff_t>(axis), statistics->end(), Dim(1));
  }
  context.set(0, context.dtype(0), dims ? std::optional(*dims) : std::nullopt);
  context.set(1, attrs.stash_type, statistics);
  context.set(2, attrs.stash_type, statistics);
  return ok();
}

Status eval_layer_normalization(KernelContext& context) { return eval_rows(context, true); }

Status infer_rms_normalization(InferContext& context) {
  const SymDims* dims = context.dims(0);
  if (!dims) return context.set(0, context.dtype(1)), ok();
  THANE_ASSIGN([[maybe_unused]] const size_t axis,
               normalize_axis(context.attrs<RowNormalizationAttrs>().axis, dims->size()));
  THANE_TRY(check_broadcasts_to(context, 1, *dims));
  context.set(0, context.dtype(1), *dims);
  return ok();
}

Status eval_rms_normalization(KernelContext& context) { return eval_rows(context, false); }

Status infer_mean_variance_normalization(InferContext& context) {
  const SymDims* dims = context.dims(0);
  if (!dims) return context.set(0, context.dtype(0)), ok();
  THANE_TRY(reduced_last(context.attrs<MeanVarianceNormalizationAttrs>().axes, dims->size()));
  context.set(0, context.dtype(0), *dims);
  return ok();
}

Status eval_mean_variance_normalization(KernelContext& context) {
  constexpr double kEpsilon = 1e-9;
  const Dims& axes = context.attrs<MeanVarianceNormalizationAttrs>().axes;
  if (context.input(0).size() == 0) return ok();
  ThreadPool& threads = context.threads();
  THANE_ASSIGN(const Tensor x, widened(context.input(0), threads));
  THANE_ASSIGN(const auto order, reduced_last(axes, x.rank()));
  THANE_ASSIGN(WideOutput out, WideOutput::make(context.output(0), x.dtype()));
  const Dims strides = row_major_strides(x.dims());
  Dims dims, from;
  for (size_t axis : order) {
    dims.push_back(x.dim(axis));
    from.push_back(strides[axis]);
  }
  const Dims contiguous = row_major_strides(dims);
  THANE_ASSIGN(Tensor rows, Tensor::allocate(x.dtype(), dims));
  copy_strided(x.dtype(), dims, x.raw(), from, rows.raw(), contiguous, threads);
  const int64_t n = product(dims, dims.size() - axes.size(), dims.size());
  const int64_t count = product(dims, 0, dims.size() - axes.size());
  dispatch<float, double>(x.dtype(), [&]<class T>() {
    threads.parallel_for(count, grain_for(n), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        T* row = rows.data<T>() + r * n;
        const Moments moments = moments_of(row, 1, 0, n);
        const double deviation = std::sqrt(moments.variance) + kEpsilon;
        for (int64_t i = 0; i < n; ++i)
          row[i] = static_cast<T>((static_cast<double>(row[i]) - moments.mean) / deviation);
      }
    });
  });
  copy_strided(x.dtype(), dims, rows.raw(), contiguous, out.tensor().raw(), from, threads);
  out.finish(threads);
  return ok();
}

Status infer_lp_normalization(InferContext& context) {
  const auto& attrs = context.attrs<LpNormalizationAttrs>();
  if (attrs.p != 1 && attrs.p != 2) return invalid_model(format("p is {}", attrs.p)).expecting("1 or 2");
  const SymDims* dims = context.dims(0);
  if (!dims) return context.set(0, context.dtype(0)), ok();
  THANE_ASSIGN([[maybe_unused]] const size_t axis, normalize_axis(attrs.axis, dims->size()));
  context.set(0, context.dtype(0), *dims);
  return ok();
}

Status eval_lp_normalization(KernelContext& context) {
  const auto& attrs = context.attrs<LpNormalizationAttrs>();
  if (context.input(0).size() == 0) return ok();
  ThreadPool& threads = context.threads();
  THANE_ASSIGN(const Tensor x, widened(context.input(0), threads));
  THANE_ASSIGN(const size_t axis, normalize_axis(attrs.axis, x.rank()));
  THANE_ASSIGN(WideOutput out, WideOutput::make(context.output(0), x.dtype()));
  dispatch<float, double>(x.dtype(), [&]<class T>() {
    lp_normalize(x.data<T>(), out.tensor().data<T>(), product(x.dims(), 0, axis), x.dim(axis),
                 product(x.dims(), axis + 1, x.rank()), attrs.p, threads);
  });
  out.finish(threads);
  return ok();
}

}  // namespace thane
