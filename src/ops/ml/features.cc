#include "ops/ml/features.h"

#include <algorithm>
#include <cmath>

#include "base/checked.h"
#include "base/format.h"

namespace thane::ml {
namespace {

template <class F>
void dispatch_ml(DType dtype, F&& f) {
  dispatch<float, double, int64_t, int32_t>(dtype, f);
}

}  // namespace

// Selects along the last axis. A vector counts as one row.
Status infer_array_feature_extractor(InferContext& context) {
  const SymDims* x = context.dims(0);
  const SymDims* y = context.dims(1);
  if (!x) return context.set(0, context.dtype(0)), ok();
  if (x->empty()) return invalid_model("a scalar input").expecting("rank 1 or more");
  SymDims out(x->begin(), x->end() - 1);
  if (out.empty()) out.push_back(Dim(1));
  out.push_back(y ? count_of(*y) : Dim::unknown());
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_array_feature_extractor(KernelContext& context) {
  const Tensor& x = context.input(0);
  const auto indices = context.input(1).span<int64_t>();
  const int64_t columns = x.dims().back();
  for (const int64_t index : indices) {
    if (index < 0 || index >= columns) {
      return runtime_error(format("index {}", index)).expecting(format("0 to {}", columns - 1));
    }
  }
  const int64_t rows = columns == 0 ? 0 : x.size() / columns;
  dispatch_by_size(x.dtype(), [&]<class T>() {
    const T* in = x.data<T>();
    T* out = context.output(0).data<T>();
    for (int64_t row = 0; row < rows; ++row) {
      for (const int64_t index : indices) *out++ = in[row * columns + index];
    }
  });
  return ok();
}

Status infer_binarizer(InferContext& context) {
  context.set(0, context.dtype(0), dims_of(context, 0));
  return ok();
}

Status eval_binarizer(KernelContext& context) {
  const Tensor& x = context.input(0);
  const float threshold = context.attrs<BinarizerAttrs>().threshold;
  dispatch_ml(x.dtype(), [&]<class T>() {
    T* out = context.output(0).data<T>();
    for (int64_t i = 0; i < x.size(); ++i) out[i] = static_cast<T>(x.data<T>()[i] > threshold ? 1 : 0);
  });
  return ok();
}

Status FeatureVectorizerAttrs::prepare() {
  if (!inputdimensions) return ok();
  int64_t total = 0;
  for (const int64_t width : *inputdimensions) {
    const auto sum = checked_add(total, width);
    if (width < 0 || !sum) return invalid_model(format("inputdimensions holds {}", width));
    total = *sum;
  }
  return ok();
}

// Inputs side by side, each cut or filled with zeros to its width. Axes behind the first count as one.
Status infer_feature_vectorizer(InferContext& context) {
  const auto& widths = context.attrs<FeatureVectorizerAttrs>().inputdimensions;
  if (widths && widths->size() != context.num_inputs()) {
    return invalid_model(format("{} inputdimensions", widths->size()))
        .expecting(format("{}, one for each input", context.num_inputs()));
  }
  Dim rows, total(0);
  for (size_t i = 0; i < context.num_inputs(); ++i) {
    const SymDims* dims = context.dims(i);
    if (dims && dims->empty()) return invalid_model("a scalar input").expecting("[rows, features]");
    Dim row_count, width;
    if (dims) {
      row_count = dims->size() == 1 ? Dim(1) : (*dims)[0];
      width = dims->size() == 1 ? (*dims)[0] : count_of(SymDims(dims->begin() + 1, dims->end()));
    }
    total = total + (widths ? Dim((*widths)[i]) : width);
    if (row_count.is_number() && rows.is_number() && !(rows == row_count)) {
      return invalid_model(format("input {} has {} rows", i, row_count.number())).expecting(rows.to_string());
    }
    if (row_count.is_number() || rows.is_unknown()) rows = row_count;
  }
  context.set(0, DType::kFloat32, SymDims{rows, total});
  return ok();
}

Status eval_feature_vectorizer(KernelContext& context) {
  const auto& widths = context.attrs<FeatureVectorizerAttrs>().inputdimensions;
  Tensor& output = context.output(0);
  const int64_t rows = output.dim(0), stride = output.dim(1);
  std::fill_n(output.data<float>(), output.size(), 0.f);
  int64_t at = 0;
  for (size_t i = 0; i < context.num_inputs(); ++i) {
    const Tensor& x = context.input(i);
    const int64_t found = rows == 0 ? 0 : x.size() / rows;
    const int64_t width = widths ? (*widths)[i] : found;
    dispatch_ml(x.dtype(), [&]<class T>() {
      for (int64_t row = 0; row < rows; ++row) {
        const T* in = x.data<T>() + row * found;
        float* out = output.data<float>() + row * stride + at;
        for (int64_t j = 0; j < std::min(found, width); ++j) out[j] = static_cast<float>(in[j]);
      }
    });
    at += width;
  }
  return ok();
}

Status infer_imputer(InferContext& context) {
  const auto& attrs = context.attrs<ImputerAttrs>();
  const bool is_float = kFloats & mask_of(context.dtype(0));
  const size_t count = is_float ? attrs.imputed_value_floats.size() : attrs.imputed_value_int64s.size();
  const char* name = is_float ? "imputed_value_floats" : "imputed_value_int64s";
  if (context.dtype(0) != DType::kUndefined && count == 0) {
    return invalid_model(format("no {}", name))
        .expecting(format("values for an input of {}", dtype_name(context.dtype(0))));
  }
  if (const SymDims* dims = context.dims(0); dims && dims->empty()) {
    return invalid_model("a scalar input").expecting("rank 1 or more");
  }
  context.set(0, context.dtype(0), dims_of(context, 0));
  return ok();
}

Status eval_imputer(KernelContext& context) {
  const auto& attrs = context.attrs<ImputerAttrs>();
  const Tensor& x = context.input(0);
  const int64_t stride = x.dims().back();
  const auto impute = [&]<class T, class V>(const std::vector<V>& values, V replaced) {
    const bool per_feature = static_cast<int64_t>(values.size()) == stride;
    const bool nan = std::is_floating_point_v<V> && std::isnan(static_cast<double>(replaced));
    T* out = context.output(0).data<T>();
    for (int64_t i = 0; i < x.size(); ++i) {
      const T value = x.data<T>()[i];
      const bool replace = nan ? std::isnan(static_cast<double>(value)) : value == static_cast<T>(replaced);
      out[i] = replace ? static_cast<T>(values[static_cast<size_t>(per_feature ? i % stride : 0)]) : value;
    }
  };
  switch (x.dtype()) {
    case DType::kFloat32: impute.operator()<float>(attrs.imputed_value_floats, attrs.replaced_value_float); break;
    case DType::kFloat64: impute.operator()<double>(attrs.imputed_value_floats, attrs.replaced_value_float); break;
    case DType::kInt64: impute.operator()<int64_t>(attrs.imputed_value_int64s, attrs.replaced_value_int64); break;
    default: impute.operator()<int32_t>(attrs.imputed_value_int64s, attrs.replaced_value_int64); break;
  }
  return ok();
}

Status infer_normalizer(InferContext& context) {
  THANE_TRY(batch_of(context, 0));
  context.set(0, DType::kFloat32, dims_of(context, 0));
  return ok();
}

// A row whose divisor is zero stays as it is. MAX divides by the largest value, not the largest magnitude.
Status eval_normalizer(KernelContext& context) {
  const Tensor& x = context.input(0);
  const Norm norm = context.attrs<NormalizerAttrs>().norm;
  const int64_t rows = batch_rows(x), columns = batch_columns(x);
  dispatch_ml(x.dtype(), [&]<class T>() {
    for (int64_t row = 0; row < rows; ++row) {
      const T* in = x.data<T>() + row * columns;
      float* out = context.output(0).data<float>() + row * columns;
      double divisor = 0;
      for (int64_t i = 0; i < columns; ++i) {
        const double value = static_cast<double>(in[i]);
        if (norm == Norm::kMax)
          divisor = i == 0 ? value : std::max(divisor, value);
        else
          divisor += norm == Norm::kL1 ? std::fabs(value) : value * value;
      }
      if (norm == Norm::kL2) divisor = std::sqrt(divisor);
      if (divisor == 0) divisor = 1;
      for (int64_t i = 0; i < columns; ++i) out[i] = static_cast<float>(static_cast<double>(in[i]) / divisor);
    }
  });
  return ok();
}

Status infer_scaler(InferContext& context) {
  const auto& attrs = context.attrs<ScalerAttrs>();
  if (attrs.offset.size() != attrs.scale.size() || attrs.offset.empty()) {
    return invalid_model(format("{} offsets and {} scales", attrs.offset.size(), attrs.scale.size()))
        .expecting("as many of one as of the other, at least one");
  }
  if (const SymDims* dims = context.dims(0)) {
    if (dims->empty()) return invalid_model("a scalar input").expecting("rank 1 or more");
    if (attrs.offset.size() != 1) THANE_TRY(expect_columns(dims->back(), static_cast<int64_t>(attrs.offset.size())));
  }
  context.set(0, DType::kFloat32, dims_of(context, 0));
  return ok();
}

Status eval_scaler(KernelContext& context) {
  const auto& attrs = context.attrs<ScalerAttrs>();
  const Tensor& x = context.input(0);
  const size_t count = attrs.offset.size();
  dispatch_ml(x.dtype(), [&]<class T>() {
    float* out = context.output(0).data<float>();
    for (int64_t i = 0; i < x.size(); ++i) {
      const size_t j = static_cast<size_t>(i) % count;
      out[i] = static_cast<float>((x.data<T>()[i] - attrs.offset[j]) * attrs.scale[j]);
    }
  });
  return ok();
}

}  // namespace thane::ml
