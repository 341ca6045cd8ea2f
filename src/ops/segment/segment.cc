#include "ops/segment/segment.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/checked.h"
#include "base/format.h"
#include "ops/convert.h"

namespace thane {
namespace {

// One element of input `i`, as a size.
Result<int64_t> count_in(const Tensor& tensor, std::string_view what) {
  if (tensor.size() != 1) return runtime_error(format("{} has {} elements", what, tensor.size())).expecting("1");
  const int64_t count = tensor.as_int64(0);
  if (count < 0) return runtime_error(format("{} is {}", what, count));
  return count;
}

Dim count_dim(const InferContext& context, size_t i) {
  const auto values = context.dim_values(i);
  return values && values->size() == 1 ? (*values)[0] : Dim::unknown();
}

template <class T>
T neutral(const SegmentReduceAttrs& attrs) {
  if (attrs.empty_is_zero) return T{0};
  switch (attrs.reduction) {
    case SegmentReduction::kMax: return std::numeric_limits<T>::lowest();
    case SegmentReduction::kMin: return std::numeric_limits<T>::max();
    case SegmentReduction::kProd: return T{1};
    default: return T{0};
  }
}

template <class T>
void reduce_rows(const SegmentReduceAttrs& attrs, const Tensor& data, const Tensor& ids, const Tensor& out,
                 int64_t row) {
  const int64_t groups = out.size() / std::max<int64_t>(row, 1);
  std::vector<int64_t> members(static_cast<size_t>(groups), 0);
  std::fill_n(out.data<T>(), out.size(), neutral<T>(attrs));
  for (int64_t i = 0; i < ids.size(); ++i) {
    const int64_t id = ids.as_int64(i);
    if (id < 0 || id >= groups) continue;
    const T* from = data.data<T>() + i * row;
    T* to = out.data<T>() + id * row;
    const bool first = members[static_cast<size_t>(id)]++ == 0;
    for (int64_t k = 0; k < row; ++k) {
      switch (attrs.reduction) {
        case SegmentReduction::kMax: to[k] = first || from[k] > to[k] ? from[k] : to[k]; break;
        case SegmentReduction::kMin: to[k] = first || from[k] < to[k] ? from[k] : to[k]; break;
        case SegmentReduction::kProd: to[k] = first ? from[k] : static_cast<T>(to[k] * from[k]); break;
        default: to[k] = first ? from[k] : static_cast<T>(to[k] + from[k]);
      }
    }
  }
  if (attrs.reduction != SegmentReduction::kMean && attrs.reduction != SegmentReduction::kSqrtN) return;
  for (int64_t group = 0; group < groups; ++group) {
    const auto n = static_cast<double>(members[static_cast<size_t>(group)]);
    if (n == 0) continue;
    const double divisor = attrs.reduction == SegmentReduction::kMean ? n : std::sqrt(n);
    for (int64_t k = 0; k < row; ++k) {
      T& value = out.data<T>()[group * row + k];
      value = static_cast<T>(static_cast<double>(value) / divisor);
    }
  }
}

}  // namespace

Status infer_segment_reduce(InferContext& context) {
  const SymDims *data = context.dims(0), *ids = context.dims(1);
  if (!data || !ids) return context.set(0, context.dtype(0)), ok();
  if (ids->size() > data->size()) return invalid_model(format("ids {} for data {}", to_string(*ids), to_string(*data)));
  for (size_t i = 0; i < ids->size(); ++i) {
    if ((*ids)[i].is_number() && (*data)[i].is_number() && !((*ids)[i] == (*data)[i])) {
      return invalid_model(format("ids {} for data {}", to_string(*ids), to_string(*data))).expecting("one id per row");
    }
  }
  SymDims out = {count_dim(context, 2)};
  out.insert(out.end(), data->begin() + static_cast<std::ptrdiff_t>(ids->size()), data->end());
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_segment_reduce(KernelContext& context) {
  const auto& attrs = context.attrs<SegmentReduceAttrs>();
  const Tensor &data = context.input(0), &ids = context.input(1);
  THANE_ASSIGN(const int64_t groups, count_in(context.input(2), "the number of segments"));
  Dims dims = {groups};
  dims.insert(dims.end(), data.dims().begin() + static_cast<std::ptrdiff_t>(ids.rank()), data.dims().end());
  const Dims row_dims(dims.begin() + 1, dims.end());
  const auto row = checked_product(row_dims);
  if (!row || ids.size() * *row != data.size()) return runtime_error("ids do not fit the data");
  const DType wide = wide_dtype(data.dtype());
  THANE_ASSIGN(const Tensor x, converted(data, wide, context.threads()));
  THANE_ASSIGN(const Tensor sums, Tensor::allocate(wide, dims));
  const bool done =
      dispatch<float, double, int64_t, uint64_t>(wide, [&]<class T>() { reduce_rows<T>(attrs, x, ids, sums, *row); });
  assert(done);
  static_cast<void>(done);
  THANE_ASSIGN(Tensor * out, context.allocate(0, data.dtype(), dims));
  // Neutral elements of narrow types, for wide ones were used on the way.
  if (wide != data.dtype() && !attrs.empty_is_zero &&
      (attrs.reduction == SegmentReduction::kMax || attrs.reduction == SegmentReduction::kMin)) {
    std::vector<bool> used(static_cast<size_t>(groups), false);
    for (int64_t i = 0; i < ids.size(); ++i) {
      if (const int64_t id = ids.as_int64(i); id >= 0 && id < groups) used[static_cast<size_t>(id)] = true;
    }
    convert_tensor(sums, *out, context.threads());
    dispatch_ints(data.dtype(), [&]<class T>() {
      for (int64_t group = 0; group < groups; ++group) {
        if (!used[static_cast<size_t>(group)]) std::fill_n(out->data<T>() + group * *row, *row, neutral<T>(attrs));
      }
    });
    return ok();
  }
  convert_tensor(sums, *out, context.threads());
  return ok();
}

Status infer_bincount(InferContext& context) {
  const SymDims* values = context.dims(0);
  const DType dtype = context.dtype(2);
  if (!values) return context.set(0, dtype), ok();
  SymDims out;
  if (values->size() == 2) out.push_back((*values)[0]);
  out.push_back(count_dim(context, 1));
  context.set(0, dtype, std::move(out));
  return ok();
}

Status eval_bincount(KernelContext& context) {
  const bool binary = context.attrs<BincountAttrs>().binary_output;
  const Tensor &values = context.input(0), &weights = context.input(2);
  THANE_ASSIGN(const int64_t size, count_in(context.input(1), "the size"));
  const int64_t rows = values.rank() == 2 ? values.dim(0) : 1;
  if (weights.size() != 0 && weights.size() != values.size()) return runtime_error("weights do not fit the values");
  Dims dims = values.rank() == 2 ? Dims{rows, size} : Dims{size};
  THANE_ASSIGN(const Tensor counts, Tensor::allocate(DType::kFloat64, dims));
  std::fill_n(counts.data<double>(), counts.size(), 0.0);
  const int64_t columns = rows > 0 ? values.size() / rows : 0;
  for (int64_t i = 0; i < values.size(); ++i) {
    const int64_t value = values.as_int64(i);
    if (value < 0) return runtime_error(format("element {} is {}", i, value)).expecting("no negative numbers");
    if (value >= size) continue;
    double& count = counts.data<double>()[i / columns * size + value];
    count = binary ? 1 : count + (weights.size() ? weights.as_double(i) : 1);
  }
  THANE_ASSIGN(Tensor * out, context.allocate(0, weights.dtype(), dims));
  convert_tensor(counts, *out, context.threads());
  return ok();
}

Status infer_search_sorted(InferContext& context) {
  const SymDims* values = context.dims(1);
  if (values && values->empty()) return invalid_model("values are a scalar").expecting("rows");
  context.set(0, DType::kInt64, values ? std::optional(*values) : std::nullopt);
  return ok();
}

Status eval_search_sorted(KernelContext& context) {
  const bool right = context.attrs<SearchSortedAttrs>().right;
  const Tensor &sorted = context.input(0), &values = context.input(1), &out = context.output(0);
  if (sorted.rank() == 0 || sorted.rank() != values.rank()) return runtime_error("lists and values differ in rank");
  const int64_t n = sorted.dims().back(), m = values.dims().back();
  const int64_t rows = m > 0 ? values.size() / m : 0;
  if (rows > 0 && sorted.size() != rows * n) return runtime_error("lists and values differ in their rows");
  dispatch_numeric(sorted.dtype(), [&]<class T>() {
    for (int64_t row = 0; row < rows; ++row) {
      const T* list = sorted.data<T>() + row * n;
      for (int64_t i = 0; i < m; ++i) {
        const auto value = values.data<T>()[row * m + i];
        const auto less = [](const auto& a, const auto& b) { return static_cast<double>(a) < static_cast<double>(b); };
        const T* place =
            right ? std::upper_bound(list, list + n, value, less) : std::lower_bound(list, list + n, value, less);
        out.data<int64_t>()[row * m + i] = place - list;
      }
    }
  });
  return ok();
}

}  // namespace thane
