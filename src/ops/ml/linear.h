// Linear models and support vector machines.
#pragma once

#include "ops/ml/ml.h"

namespace thane::ml {

struct LinearClassifierAttrs : Attrs {
  std::vector<float> coefficients, intercepts;
  Labels labels;
  PostTransform post_transform = PostTransform::kNone;
  int64_t multi_class = 0;

  Status prepare();
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("coefficients", self.coefficients);
    v("intercepts", self.intercepts);
    v("classlabels_ints", self.labels.ints);
    v("classlabels_strings", self.labels.strings);
    v("multi_class", self.multi_class);
    v.choice("post_transform", self.post_transform, kPostTransformNames);
  }
};

struct LinearRegressorAttrs : Attrs {
  std::vector<float> coefficients, intercepts;
  PostTransform post_transform = PostTransform::kNone;
  int64_t targets = 1;

  Status prepare();
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("coefficients", self.coefficients);
    v("intercepts", self.intercepts);
    v("targets", self.targets);
    v.choice("post_transform", self.post_transform, kPostTransformNames);
  }
};

enum class SvmKernel : uint8_t { kLinear, kPoly, kRbf, kSigmoid };
inline constexpr std::string_view kSvmKernelNames[] = {"LINEAR", "POLY", "RBF", "SIGMOID"};

struct SvmAttrs : Attrs {
  std::vector<float> kernel_params;  // gamma, coef0, degree
  SvmKernel kernel = SvmKernel::kLinear;
  PostTransform post_transform = PostTransform::kNone;
  std::vector<float> coefficients, support_vectors, rho;

  template <class Self, class V>
  static void svm_fields(Self& self, V& v) {
    v("kernel_params", self.kernel_params);
    v.choice("kernel_type", self.kernel, kSvmKernelNames);
    v.choice("post_transform", self.post_transform, kPostTransformNames);
    v.required("coefficients", self.coefficients);
    v("support_vectors", self.support_vectors);
    v.required("rho", self.rho);
  }
};

// With support vectors (libsvm): one decision for each pair of classes. Without (liblinear): one score for each class.
struct SvmClassifierAttrs : SvmAttrs {
  std::vector<float> prob_a, prob_b;
  std::vector<int64_t> vectors_per_class;
  Labels labels;
  int64_t vectors = 0, features = 0;  // made by prepare()

  size_t pairs() const { return labels.size() * (labels.size() - 1) / 2; }
  int64_t columns() const;  // of the scores
  Status prepare();
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    svm_fields(self, v);
    v("prob_a", self.prob_a);
    v("prob_b", self.prob_b);
    v("vectors_per_class", self.vectors_per_class);
    v("classlabels_ints", self.labels.ints);
    v("classlabels_strings", self.labels.strings);
  }
};

struct SvmRegressorAttrs : SvmAttrs {
  int64_t n_supports = 0, one_class = 0;
  int64_t features = 0;  // made by prepare()

  Status prepare();
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    svm_fields(self, v);
    v("n_supports", self.n_supports);
    v("one_class", self.one_class);
  }
};

// out[i, j] = kernel(a row i, b row j): a is [rows, features], b is [vectors, features]. `offset` is added by kLinear.
void svm_kernel(const SvmAttrs& attrs, SvmKernel kernel, const float* a, int64_t rows, const float* b, int64_t vectors,
                int64_t features, float offset, float* out, ThreadPool& threads);

// out[i, j] = a row i · b row j + offsets[j], in float32; offsets may be null.
void row_products(const float* a, int64_t rows, const float* b, int64_t columns, int64_t features, const float* offsets,
                  float* out, ThreadPool& threads);

Status infer_linear_classifier(InferContext& context);
Status eval_linear_classifier(KernelContext& context);
Status infer_linear_regressor(InferContext& context);
Status eval_linear_regressor(KernelContext& context);
Status infer_svm_classifier(InferContext& context);
Status eval_svm_classifier(KernelContext& context);
Status infer_svm_regressor(InferContext& context);
Status eval_svm_regressor(KernelContext& context);

}  // namespace thane::ml
