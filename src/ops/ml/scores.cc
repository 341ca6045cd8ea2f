// Post transforms and labels, shared by the classifiers and regressors.
#include <cmath>
#include <limits>
#include <numbers>

#include "base/format.h"
#include "ops/ml/ml.h"

namespace thane::ml {
namespace {

// Winitzki's closed form of the inverse error function, with a = 0.147.
float inverse_erf(float x) {
  constexpr float kA = 0.147f;
  const float sign = x < 0 ? -1.0f : 1.0f;
  const float log = std::log((1 - x) * (1 + x));
  const float half = 2 / (std::numbers::pi_v<float> * kA) + 0.5f * log;
  return sign * std::sqrt(-half + std::sqrt(half * half - log / kA));
}

float probit(float x) { return std::numbers::sqrt2_v<float> * inverse_erf(2 * x - 1); }

// With `skip_zeros`, scores near zero stay out of the sum and are only scaled.
template <class T, class Out>
void softmax(std::span<const T> scores, bool skip_zeros, Out* out) {
  constexpr float kNearZero = 1e-7f;
  float max = -std::numeric_limits<float>::max();
  for (const T score : scores) max = std::max(max, static_cast<float>(score));
  float sum = 0;
  std::vector<float> terms(scores.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    const float score = static_cast<float>(scores[i]);
    if (skip_zeros && std::fabs(score) <= kNearZero) {
      terms[i] = score * std::exp(-max);
    } else {
      terms[i] = std::exp(score - max);
      sum += terms[i];
    }
  }
  for (size_t i = 0; i < scores.size(); ++i) out[i] = static_cast<Out>(terms[i] / sum);
}

}  // namespace

float logistic(float x) {
  const float positive = 1 / (1 + std::exp(-std::fabs(x)));
  return x < 0 ? 1 - positive : positive;
}

template <class T, class Out>
void write_scores(std::span<const T> scores, PostTransform transform, SecondClass second, Out* out) {
  if (scores.size() == 1 && transform != PostTransform::kProbit) {
    const T score = scores[0];
    out[0] = static_cast<Out>(score);
    if (second == SecondClass::kNone) return;
    const bool squash = transform == PostTransform::kLogistic;
    const T other = second == SecondClass::kComplement ? 1 - score : -score;
    out[0] = static_cast<Out>(squash ? logistic(static_cast<float>(-score)) : other);
    out[1] = static_cast<Out>(squash ? logistic(static_cast<float>(score)) : score);
    return;
  }
  switch (transform) {
    case PostTransform::kNone:
      for (size_t i = 0; i < scores.size(); ++i) out[i] = static_cast<Out>(scores[i]);
      break;
    case PostTransform::kSoftmax: softmax(scores, false, out); break;
    case PostTransform::kSoftmaxZero: softmax(scores, true, out); break;
    case PostTransform::kLogistic:
      for (size_t i = 0; i < scores.size(); ++i) out[i] = static_cast<Out>(logistic(static_cast<float>(scores[i])));
      break;
    case PostTransform::kProbit:
      for (size_t i = 0; i < scores.size(); ++i) out[i] = static_cast<Out>(probit(static_cast<float>(scores[i])));
      if (scores.size() == 1 && second != SecondClass::kNone) out[1] = 0;
      break;
  }
}

template void write_scores(std::span<const float>, PostTransform, SecondClass, float*);
template void write_scores(std::span<const double>, PostTransform, SecondClass, float*);
template void write_scores(std::span<const double>, PostTransform, SecondClass, double*);

void Labels::write(Tensor& output, int64_t row, size_t index) const {
  if (are_strings()) {
    output.data<std::string>()[row] = index < strings.size() ? strings[index] : std::to_string(index);
  } else {
    output.data<int64_t>()[row] = index < ints.size() ? ints[index] : static_cast<int64_t>(index);
  }
}

Result<Batch> batch_of(const InferContext& context, size_t input) {
  const SymDims* dims = context.dims(input);
  if (!dims) return Batch{};
  if (dims->size() == 1) return Batch{Dim(1), (*dims)[0]};
  if (dims->size() == 2) return Batch{(*dims)[0], (*dims)[1]};
  return invalid_model(format("input of shape {}", to_string(*dims)))
      .expecting("rank 1 or 2: [features] or [rows, features]");
}

const float* as_floats(const Tensor& x, std::vector<float>& storage) {
  if (x.dtype() == DType::kFloat32) return x.data<float>();
  storage.resize(static_cast<size_t>(x.size()));
  dispatch<double, int64_t, int32_t, Half>(x.dtype(), [&]<class T>() {
    for (size_t i = 0; i < storage.size(); ++i) storage[i] = static_cast<float>(x.data<T>()[i]);
  });
  return storage.data();
}

Status expect_columns(const Dim& found, int64_t expected) {
  if (!found.is_number() || found.number() == expected) return ok();
  return invalid_model(format("{} features per row", found.number())).expecting(format("{}", expected));
}

Result<Tensor*> output_or_scratch(KernelContext& context, size_t i, DType dtype, Dims dims) {
  if (context.wants_output(i)) return &context.output(i);
  return context.allocate(i, dtype, std::move(dims));
}

}  // namespace thane::ml
