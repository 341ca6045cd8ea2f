#include "ops/ml/linear.h"

#include <algorithm>

#include "base/format.h"

namespace thane::ml {
namespace {

constexpr int64_t kMaxLinearTargets = int64_t{1} << 22;

// `coefficients` hold a row for each of `targets`: as many features as the input must have.
Result<int64_t> features_of(const std::vector<float>& coefficients, int64_t targets) {
  const auto size = static_cast<int64_t>(coefficients.size());
  if (size % targets == 0) return size / targets;
  return invalid_model(format("{} coefficients", size)).expecting(format("a multiple of the {} targets", targets));
}

}  // namespace

void row_products(const float* a, int64_t rows, const float* b, int64_t columns, int64_t features, const float* offsets,
                  float* out, ThreadPool& threads) {
  const int64_t grain = std::max<int64_t>(1, 20000 / std::max<int64_t>(1, columns * features));
  threads.parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t column = 0; column < columns; ++column) {
        double sum = 0;
        for (int64_t i = 0; i < features; ++i) sum += double{a[row * features + i]} * b[column * features + i];
        out[row * columns + column] = static_cast<float>(sum + (offsets ? offsets[column] : 0.f));
      }
    }
  });
}

Status LinearClassifierAttrs::prepare() {
  const size_t targets = intercepts.size();
  if (targets == 0) return invalid_model("no intercepts").expecting("one for each class, or a single one");
  THANE_TRY(features_of(coefficients, static_cast<int64_t>(targets)));
  if (labels.size() == targets || (targets == 1 && labels.size() == 2)) return ok();
  return invalid_model(format("{} class labels", labels.size()))
      .expecting(format("{}, one for each intercept", targets));
}

Status infer_linear_classifier(InferContext& context) {
  const auto& attrs = context.attrs<LinearClassifierAttrs>();
  THANE_ASSIGN(const Batch batch, batch_of(context, 0));
  const auto targets = static_cast<int64_t>(attrs.intercepts.size());
  THANE_TRY(expect_columns(batch.columns, static_cast<int64_t>(attrs.coefficients.size()) / targets));
  context.set(0, attrs.labels.dtype(), SymDims{batch.rows});
  context.set(1, DType::kFloat32, SymDims{batch.rows, Dim(static_cast<int64_t>(attrs.labels.size()))});
  return ok();
}

Status eval_linear_classifier(KernelContext& context) {
  const auto& attrs = context.attrs<LinearClassifierAttrs>();
  const Tensor& x = context.input(0);
  const int64_t rows = batch_rows(x), features = batch_columns(x);
  const size_t targets = attrs.intercepts.size();
  const auto columns = static_cast<int64_t>(attrs.labels.size());
  THANE_ASSIGN(Tensor * labels, output_or_scratch(context, 0, attrs.labels.dtype(), {rows}));
  THANE_ASSIGN(Tensor * scores, output_or_scratch(context, 1, DType::kFloat32, {rows, columns}));
  std::vector<float> storage, raw(static_cast<size_t>(rows) * targets);
  row_products(as_floats(x, storage), rows, attrs.coefficients.data(), static_cast<int64_t>(targets), features,
               attrs.intercepts.data(), raw.data(), context.threads());
  const bool binary = targets == 1;
  const SecondClass second = binary && columns == 2 ? SecondClass::kComplement : SecondClass::kNone;
  for (int64_t row = 0; row < rows; ++row) {
    const std::span<const float> score{raw.data() + row * static_cast<int64_t>(targets), targets};
    const auto best = std::max_element(score.begin(), score.end()) - score.begin();
    const size_t label = binary ? (score[0] > 0 ? 1 : 0) : static_cast<size_t>(best);
    attrs.labels.write(*labels, row, label);
    write_scores<float, float>(score, attrs.post_transform, second, scores->data<float>() + row * columns);
  }
  return ok();
}

Status LinearRegressorAttrs::prepare() {
  if (targets < 1 || targets > kMaxLinearTargets) {
    return invalid_model(format("targets is {}", targets)).expecting(format("1 to {}", kMaxLinearTargets));
  }
  THANE_TRY(features_of(coefficients, targets));
  return ok();
}

Status infer_linear_regressor(InferContext& context) {
  const auto& attrs = context.attrs<LinearRegressorAttrs>();
  THANE_ASSIGN(const Batch batch, batch_of(context, 0));
  THANE_TRY(expect_columns(batch.columns, static_cast<int64_t>(attrs.coefficients.size()) / attrs.targets));
  context.set(0, DType::kFloat32, SymDims{batch.rows, Dim(attrs.targets)});
  return ok();
}

Status eval_linear_regressor(KernelContext& context) {
  const auto& attrs = context.attrs<LinearRegressorAttrs>();
  const Tensor& x = context.input(0);
  const int64_t rows = batch_rows(x), features = batch_columns(x);
  const bool shifted = static_cast<int64_t>(attrs.intercepts.size()) == attrs.targets;
  std::vector<float> storage, raw(static_cast<size_t>(rows * attrs.targets));
  row_products(as_floats(x, storage), rows, attrs.coefficients.data(), attrs.targets, features,
               shifted ? attrs.intercepts.data() : nullptr, raw.data(), context.threads());
  float* out = context.output(0).data<float>();
  for (int64_t row = 0; row < rows; ++row) {
    const std::span<const float> score{raw.data() + row * attrs.targets, static_cast<size_t>(attrs.targets)};
    write_scores<float, float>(score, attrs.post_transform, SecondClass::kNone, out + row * attrs.targets);
  }
  return ok();
}

}  // namespace thane::ml
