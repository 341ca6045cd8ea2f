// Rows of different lengths, padded.
#include <algorithm>

#include "base/checked.h"
#include "base/format.h"
#include "ops/strings/strings.h"

namespace thane {
namespace {

constexpr size_t kFirstPartition = 3;

// Where each row's values begin, and the end of the last.
Result<Dims> row_splits(const Tensor& partition, bool ids, int64_t rows) {
  Dims splits;
  if (!ids) {
    for (int64_t i = 0; i < partition.size(); ++i) {
      splits.push_back(partition.as_int64(i));
      if (splits.back() < (i == 0 ? 0 : splits[static_cast<size_t>(i) - 1]))
        return runtime_error("row splits are not sorted");
    }
    if (splits.empty() || splits[0] != 0) return runtime_error("row splits do not begin with 0");
    return splits;
  }
  splits.assign(static_cast<size_t>(std::max<int64_t>(rows, 0)) + 1, 0);
  for (int64_t i = 0; i < partition.size(); ++i) {
    const int64_t row = partition.as_int64(i);
    if (row < 0 || row >= rows) return runtime_error(format("row id {}", row)).expecting(format("0 to {}", rows - 1));
    ++splits[static_cast<size_t>(row) + 1];
  }
  for (size_t i = 1; i < splits.size(); ++i) splits[i] += splits[i - 1];
  return splits;
}

}  // namespace

Status infer_ragged_to_dense(InferContext& context) {
  const auto& attrs = context.attrs<RaggedToDenseAttrs>();
  if (context.num_inputs() != kFirstPartition + attrs.partitions.size())
    return invalid_model("one input per row partition is needed");
  const size_t levels =
      attrs.partitions.size() - (attrs.partitions.empty() || attrs.partitions[0] != "FIRST_DIM_SIZE" ? 0 : 1);
  const SymDims* values = context.dims(1);
  if (!values || values->empty()) return context.set(0, context.dtype(1)), ok();
  SymDims dims(levels + 1, Dim());
  dims.insert(dims.end(), values->begin() + 1, values->end());
  if (const auto shape = context.ints(0); shape && shape->size() == dims.size()) {
    for (size_t i = 0; i < dims.size(); ++i) {
      if ((*shape)[i] >= 0) dims[i] = Dim((*shape)[i]);
    }
  }
  context.set(0, context.dtype(1), std::move(dims));
  return ok();
}

Status eval_ragged_to_dense(KernelContext& context) {
  const auto& attrs = context.attrs<RaggedToDenseAttrs>();
  const Tensor &shape = context.input(0), &values = context.input(1), &fallback = context.input(2);
  if (values.rank() == 0) return runtime_error("values are a scalar");
  std::vector<Dims> levels;
  int64_t rows = -1;
  for (size_t i = 0; i < attrs.partitions.size(); ++i) {
    const Tensor& partition = context.input(kFirstPartition + i);
    if (attrs.partitions[i] == "FIRST_DIM_SIZE") {
      if (partition.size() != 1) return runtime_error("the first dimension's size is no number");
      rows = partition.as_int64(0);
      continue;
    }
    if (attrs.partitions[i] != "VALUE_ROWIDS" && attrs.partitions[i] != "ROW_SPLITS") {
      return unsupported(format("row partition {}", attrs.partitions[i]));
    }
    THANE_ASSIGN(Dims splits, row_splits(partition, attrs.partitions[i] == "VALUE_ROWIDS",
                                         levels.empty() ? rows : levels.back().back()));
    levels.push_back(std::move(splits));
  }
  if (levels.empty() || levels.back().back() != values.dim(0))
    return runtime_error("row partitions do not cover the values");
  for (size_t i = 0; i + 1 < levels.size(); ++i) {
    if (levels[i].back() != static_cast<int64_t>(levels[i + 1].size()) - 1)
      return runtime_error("row partitions do not fit each other");
  }
  Dims dims = {static_cast<int64_t>(levels[0].size()) - 1};
  for (const Dims& splits : levels) {
    int64_t longest = 0;
    for (size_t i = 0; i + 1 < splits.size(); ++i) longest = std::max(longest, splits[i + 1] - splits[i]);
    dims.push_back(longest);
  }
  const Dims inner(values.dims().begin() + 1, values.dims().end());
  dims.insert(dims.end(), inner.begin(), inner.end());
  for (int64_t i = 0; i < shape.size() && shape.rank() == 1 && static_cast<size_t>(i) < dims.size(); ++i) {
    if (shape.as_int64(i) >= 0) dims[static_cast<size_t>(i)] = shape.as_int64(i);
  }
  const auto row = checked_product(inner);
  if (!row) return runtime_error("values have an impossible shape");
  if (fallback.size() != 1 && fallback.size() != *row) return runtime_error("the default does not fit the values");
  THANE_ASSIGN(Tensor * out, context.allocate(0, values.dtype(), dims));
  const Dims strides = row_major_strides(dims);
  dispatch_by_size(out->dtype(), [&]<class T>() {
    T* data = out->data<T>();
    for (int64_t i = 0; i < out->size(); ++i) data[i] = fallback.data<T>()[fallback.size() == 1 ? 0 : i % *row];
    // Every value's place, level by level from the outside.
    std::vector<int64_t> places(levels[0].size() - 1);
    for (size_t i = 0; i < places.size(); ++i)
      places[i] = static_cast<int64_t>(i) < dims[0] ? static_cast<int64_t>(i) * strides[0] : -1;
    for (size_t level = 0; level < levels.size(); ++level) {
      std::vector<int64_t> next(static_cast<size_t>(levels[level].back()), -1);
      for (size_t r = 0; r + 1 < levels[level].size(); ++r) {
        for (int64_t at = levels[level][r]; at < levels[level][r + 1]; ++at) {
          const int64_t column = at - levels[level][r];
          if (places[r] >= 0 && column < dims[level + 1])
            next[static_cast<size_t>(at)] = places[r] + column * strides[level + 1];
        }
      }
      places = std::move(next);
    }
    for (size_t i = 0; i < places.size(); ++i) {
      if (places[i] >= 0) std::copy_n(values.data<T>() + static_cast<int64_t>(i) * *row, *row, data + places[i]);
    }
  });
  return ok();
}

Status StringNGramsAttrs::prepare() {
  constexpr int64_t kMostWidth = 1 << 12;
  for (int64_t width : widths) {
    if (width < 1 || width > kMostWidth) return invalid_model(format("n-grams of {} strings", width));
  }
  if (pad_width > kMostWidth) return invalid_model(format("{} pads", pad_width));
  return ok();
}

Status infer_string_ngrams(InferContext& context) {
  context.set(0, DType::kString, SymDims{Dim()});
  const SymDims* splits = context.dims(1);
  context.set(1, context.dtype(1), splits ? std::optional(*splits) : std::nullopt);
  return ok();
}

Status eval_string_ngrams(KernelContext& context) {
  const auto& attrs = context.attrs<StringNGramsAttrs>();
  const Tensor& texts = context.input(0);
  THANE_ASSIGN(const Dims splits, row_splits(context.input(1), false, 0));
  if (splits.back() > texts.size()) return runtime_error("row splits reach beyond the strings");
  std::vector<std::string> grams;
  Dims ends = {0};
  for (size_t row = 0; row + 1 < splits.size(); ++row) {
    const size_t before = grams.size();
    const int64_t length = splits[row + 1] - splits[row];
    for (int64_t width : attrs.widths) {
      const int64_t pads = attrs.pad_width < 0 ? width - 1 : std::min(attrs.pad_width, width - 1);
      const int64_t padded = length + 2 * pads;
      for (int64_t first = 0; first + width <= padded; ++first) {
        std::string gram;
        for (int64_t i = first; i < first + width; ++i) {
          if (i > first) gram += attrs.separator;
          if (i < pads)
            gram += attrs.left_pad;
          else if (i >= pads + length)
            gram += attrs.right_pad;
          else
            gram += texts.data<std::string>()[splits[row] + i - pads];
        }
        grams.push_back(std::move(gram));
      }
    }
    if (attrs.keep_short && grams.size() == before && length > 0) {
      std::string gram;
      for (int64_t i = 0; i < length; ++i)
        gram += (i ? attrs.separator : "") + texts.data<std::string>()[splits[row] + i];
      grams.push_back(std::move(gram));
    }
    ends.push_back(static_cast<int64_t>(grams.size()));
  }
  THANE_ASSIGN(Tensor * out, context.allocate(0, DType::kString, {static_cast<int64_t>(grams.size())}));
  std::move(grams.begin(), grams.end(), out->data<std::string>());
  const DType dtype = context.input(1).dtype();
  THANE_ASSIGN(Tensor * fresh, context.allocate(1, dtype, {static_cast<int64_t>(ends.size())}));
  for (size_t i = 0; i < ends.size(); ++i) {
    if (dtype == DType::kInt32)
      fresh->data<int32_t>()[i] = static_cast<int32_t>(ends[i]);
    else
      fresh->data<int64_t>()[i] = ends[i];
  }
  return ok();
}

}  // namespace thane
