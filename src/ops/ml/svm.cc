// SVMClassifier and SVMRegressor, as libsvm and liblinear define them.
#include <algorithm>
#include <cmath>

#include "base/checked.h"
#include "base/format.h"
#include "ops/ml/linear.h"

namespace thane::ml {
namespace {

// Coupling of pairwise probabilities: Wu, Lin and Weng, "Probability estimates for multi-class classification by
// pairwise coupling" (2004), the iteration of libsvm. r[i * n + j] is the probability of class i against class j.
void couple(size_t n, const std::vector<float>& r, float* p) {
  constexpr int kRounds = 100;
  const float tolerance = 0.005f / static_cast<float>(n);
  std::vector<float> q(n * n, 0.f), qp(n);
  for (size_t i = 0; i < n; ++i) {
    p[i] = 1.0f / static_cast<float>(n);
    for (size_t j = 0; j < n; ++j) {
      if (j == i) continue;
      q[i * n + i] += r[j * n + i] * r[j * n + i];
      q[i * n + j] = j < i ? q[j * n + i] : -r[j * n + i] * r[i * n + j];
    }
  }
  for (int round = 0; round < kRounds; ++round) {
    float pqp = 0;
    for (size_t i = 0; i < n; ++i) {
      qp[i] = 0;
      for (size_t j = 0; j < n; ++j) qp[i] += q[i * n + j] * p[j];
      pqp += p[i] * qp[i];
    }
    float error = 0;
    for (size_t i = 0; i < n; ++i) error = std::max(error, std::fabs(qp[i] - pqp));
    if (error < tolerance) return;
    for (size_t i = 0; i < n; ++i) {
      const float step = (pqp - qp[i]) / q[i * n + i];
      p[i] += step;
      pqp = (pqp + step * (step * q[i * n + i] + 2 * qp[i])) / (1 + step) / (1 + step);
      for (size_t j = 0; j < n; ++j) {
        qp[j] = (qp[j] + step * q[i * n + j]) / (1 + step);
        p[j] /= 1 + step;
      }
    }
  }
}

// Decisions for each pair of classes (i, j), i < j, in order, from the kernel values of one row; and the votes they
// give.
void decide_pairs(const SvmClassifierAttrs& attrs, const float* kernels, float* decisions,
                  std::vector<int64_t>& votes) {
  const size_t classes = attrs.labels.size();
  std::fill(votes.begin(), votes.end(), 0);
  size_t pair = 0;
  int64_t start_i = 0;
  for (size_t i = 0; i + 1 < classes; start_i += attrs.vectors_per_class[i], ++i) {
    int64_t start_j = start_i + attrs.vectors_per_class[i];
    for (size_t j = i + 1; j < classes; start_j += attrs.vectors_per_class[j], ++j, ++pair) {
      double sum = attrs.rho[pair];
      const auto add = [&](size_t coefficient_row, int64_t first, int64_t count) {
        const float* coefficients = attrs.coefficients.data() + static_cast<int64_t>(coefficient_row) * attrs.vectors;
        for (int64_t v = first; v < first + count; ++v) sum += double{coefficients[v]} * kernels[v];
      };
      add(j - 1, start_i, attrs.vectors_per_class[i]);
      add(i, start_j, attrs.vectors_per_class[j]);
      decisions[pair] = static_cast<float>(sum);
      ++votes[sum > 0 ? i : j];
    }
  }
}

// Platt's probabilities of each pair, coupled into one for each class.
void class_probabilities(const SvmClassifierAttrs& attrs, const float* decisions, float* probabilities) {
  constexpr float kFloor = 1e-7f;
  const size_t classes = attrs.labels.size();
  std::vector<float> pairwise(classes * classes, 0.f);
  size_t pair = 0;
  for (size_t i = 0; i < classes; ++i) {
    for (size_t j = i + 1; j < classes; ++j, ++pair) {
      const float p = 1 - logistic(decisions[pair] * attrs.prob_a[pair] + attrs.prob_b[pair]);
      pairwise[i * classes + j] = std::clamp(p, kFloor, 1 - kFloor);
      pairwise[j * classes + i] = 1 - pairwise[i * classes + j];
    }
  }
  couple(classes, pairwise, probabilities);
}

size_t argmax(std::span<const float> scores) {
  return static_cast<size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

// The label of a linear model. With two classes a positive best score means the second one, whichever had it.
size_t linear_label(const SvmClassifierAttrs& attrs, std::span<const float> scores, bool all_positive) {
  const size_t best = argmax(scores);
  if (attrs.labels.size() != 2) return best;
  const bool second = all_positive ? scores[best] >= 0.5f : scores[best] > 0;
  return second ? 1 : best;
}

Status expect_at_least(std::string_view name, size_t found, int64_t expected) {
  if (static_cast<int64_t>(found) >= expected) return ok();
  return invalid_model(format("{} has {} entries", name, found)).expecting(format("at least {}", expected));
}

Status check_kernel_params(const SvmAttrs& attrs) {
  if (attrs.kernel_params.empty()) return ok();
  return expect_at_least("kernel_params", attrs.kernel_params.size(), 3);
}

}  // namespace

void svm_kernel(const SvmAttrs& attrs, SvmKernel kernel, const float* a, int64_t rows, const float* b, int64_t vectors,
                int64_t features, float offset, float* out, ThreadPool& threads) {
  const bool given = !attrs.kernel_params.empty();
  const float gamma = given ? attrs.kernel_params[0] : 0, coef0 = given ? attrs.kernel_params[1] : 0;
  const float degree = given ? attrs.kernel_params[2] : 0;
  const int64_t grain = std::max<int64_t>(1, 20000 / std::max<int64_t>(1, vectors * features));
  threads.parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t v = 0; v < vectors; ++v) {
        const float* x = a + row * features;
        const float* y = b + v * features;
        double sum = 0;
        if (kernel == SvmKernel::kRbf) {
          for (int64_t i = 0; i < features; ++i) sum += (double{x[i]} - y[i]) * (double{x[i]} - y[i]);
        } else {
          for (int64_t i = 0; i < features; ++i) sum += double{x[i]} * y[i];
        }
        double value = 0;
        switch (kernel) {
          case SvmKernel::kLinear: value = sum + offset; break;
          case SvmKernel::kPoly: value = std::pow(gamma * sum + coef0, degree); break;
          case SvmKernel::kRbf: value = std::exp(-gamma * sum); break;
          case SvmKernel::kSigmoid: value = std::tanh(gamma * sum + coef0); break;
        }
        out[row * vectors + v] = static_cast<float>(value);
      }
    }
  });
}

Status SvmClassifierAttrs::prepare() {
  const auto classes = static_cast<int64_t>(labels.size());
  if (classes < 1 || classes > 65535) return invalid_model(format("{} class labels", classes)).expecting("1 to 65535");
  THANE_TRY(check_kernel_params(*this));
  for (const int64_t count : vectors_per_class) {
    const auto sum = checked_add(vectors, count);
    if (count < 0 || !sum) return invalid_model(format("vectors_per_class holds {}", count));
    vectors = *sum;
  }
  if (vectors == 0) {
    features = static_cast<int64_t>(coefficients.size()) / classes;
    return expect_at_least("rho", rho.size(), 1);
  }
  if (classes < 2) return invalid_model("one class label").expecting("at least two, with support vectors");
  if (vectors_per_class.size() != labels.size()) {
    return invalid_model(format("{} entries in vectors_per_class", vectors_per_class.size()))
        .expecting(format("{}, one for each class", classes));
  }
  THANE_TRY(expect_at_least("support_vectors", support_vectors.size(), vectors));
  features = static_cast<int64_t>(support_vectors.size()) / vectors;
  const auto needed = checked_mul(classes - 1, vectors);
  THANE_TRY(expect_at_least("coefficients", coefficients.size(), needed.value_or(INT64_MAX)));
  const auto pair_count = static_cast<int64_t>(pairs());
  THANE_TRY(expect_at_least("rho", rho.size(), pair_count));
  if (prob_a.empty() && prob_b.empty()) return ok();
  THANE_TRY(expect_at_least("prob_a", prob_a.size(), pair_count));
  return expect_at_least("prob_b", prob_b.size(), pair_count);
}

int64_t SvmClassifierAttrs::columns() const {
  const auto classes = static_cast<int64_t>(labels.size());
  return vectors > 0 && prob_a.empty() && classes > 2 ? static_cast<int64_t>(pairs()) : classes;
}

Status infer_svm_classifier(InferContext& context) {
  const auto& attrs = context.attrs<SvmClassifierAttrs>();
  THANE_ASSIGN(const Batch batch, batch_of(context, 0));
  THANE_TRY(expect_columns(batch.columns, attrs.features));
  context.set(0, attrs.labels.dtype(), SymDims{batch.rows});
  context.set(1, DType::kFloat32, SymDims{batch.rows, Dim(attrs.columns())});
  return ok();
}

Status eval_svm_classifier(KernelContext& context) {
  const auto& attrs = context.attrs<SvmClassifierAttrs>();
  const Tensor& x = context.input(0);
  const int64_t rows = batch_rows(x), columns = attrs.columns();
  const size_t classes = attrs.labels.size();
  THANE_ASSIGN(Tensor * labels, output_or_scratch(context, 0, attrs.labels.dtype(), {rows}));
  THANE_ASSIGN(Tensor * scores, output_or_scratch(context, 1, DType::kFloat32, {rows, columns}));
  const bool linear = attrs.vectors == 0;
  const int64_t width = linear ? static_cast<int64_t>(classes) : attrs.vectors;
  THANE_ASSIGN(const Tensor kernels, Tensor::allocate(DType::kFloat32, {rows, width}));
  std::vector<float> storage;
  svm_kernel(attrs, linear ? SvmKernel::kLinear : attrs.kernel, as_floats(x, storage), rows,
             linear ? attrs.coefficients.data() : attrs.support_vectors.data(), width, attrs.features,
             linear ? attrs.rho[0] : 0.f, kernels.data<float>(), context.threads());
  const bool all_positive =
      std::all_of(attrs.coefficients.begin(), attrs.coefficients.end(), [](float c) { return c >= 0; });
  SecondClass second = SecondClass::kNone;
  if (!linear && attrs.prob_a.empty() && classes == 2) {
    second = attrs.post_transform == PostTransform::kNone ? SecondClass::kOpposite : SecondClass::kComplement;
  }
  std::vector<int64_t> votes(classes);
  std::vector<float> row_scores(std::max(classes, attrs.pairs())), probabilities(classes);
  for (int64_t row = 0; row < rows; ++row) {
    const float* values = kernels.data<float>() + row * width;
    std::span<const float> raw;
    if (linear) {
      raw = {values, classes};
      attrs.labels.write(*labels, row, linear_label(attrs, raw, all_positive));
    } else {
      decide_pairs(attrs, values, row_scores.data(), votes);
      raw = {row_scores.data(), attrs.pairs()};
      attrs.labels.write(*labels, row,
                         static_cast<size_t>(std::max_element(votes.begin(), votes.end()) - votes.begin()));
      if (!attrs.prob_a.empty()) {
        class_probabilities(attrs, row_scores.data(), probabilities.data());
        raw = probabilities;
      }
    }
    write_scores<float, float>(raw, attrs.post_transform, second, scores->data<float>() + row * columns);
  }
  return ok();
}

Status SvmRegressorAttrs::prepare() {
  THANE_TRY(check_kernel_params(*this));
  THANE_TRY(expect_at_least("rho", rho.size(), 1));
  THANE_TRY(expect_at_least("coefficients", coefficients.size(), 1));
  if (n_supports <= 0) {
    n_supports = 0;
    features = static_cast<int64_t>(coefficients.size());
    return ok();
  }
  THANE_TRY(expect_at_least("coefficients", coefficients.size(), n_supports));
  features = static_cast<int64_t>(support_vectors.size()) / n_supports;
  return ok();
}

Status infer_svm_regressor(InferContext& context) {
  THANE_ASSIGN(const Batch batch, batch_of(context, 0));
  THANE_TRY(expect_columns(batch.columns, context.attrs<SvmRegressorAttrs>().features));
  context.set(0, DType::kFloat32, SymDims{batch.rows, Dim(1)});
  return ok();
}

Status eval_svm_regressor(KernelContext& context) {
  const auto& attrs = context.attrs<SvmRegressorAttrs>();
  const Tensor& x = context.input(0);
  const int64_t rows = batch_rows(x);
  float* out = context.output(0).data<float>();
  std::vector<float> storage;
  const float* features = as_floats(x, storage);
  if (attrs.n_supports == 0) {
    svm_kernel(attrs, SvmKernel::kLinear, features, rows, attrs.coefficients.data(), 1, attrs.features, attrs.rho[0],
               out, context.threads());
  } else {
    THANE_ASSIGN(const Tensor kernels, Tensor::allocate(DType::kFloat32, {rows, attrs.n_supports}));
    svm_kernel(attrs, attrs.kernel, features, rows, attrs.support_vectors.data(), attrs.n_supports, attrs.features, 0,
               kernels.data<float>(), context.threads());
    row_products(kernels.data<float>(), rows, attrs.coefficients.data(), 1, attrs.n_supports, attrs.rho.data(), out,
                 context.threads());
  }
  if (attrs.one_class != 0) {
    for (int64_t row = 0; row < rows; ++row) out[row] = out[row] > 0 ? 1.f : -1.f;
  }
  return ok();
}

}  // namespace thane::ml
