#include "ops/loss/loss.h"

#include <cmath>
#include <limits>

#include "base/format.h"
#include "ops/widen.h"

namespace thane {
namespace {

enum Input : size_t { kScores, kLabels, kWeights };

// Checks the inputs and sets output 0.
Status infer_loss(InferContext& context) {
  const DType dtype = context.dtype(kScores);
  const SymDims* scores = context.dims(kScores);
  const SymDims* labels = context.dims(kLabels);
  if (scores && scores->size() < 2) {
    return invalid_model(format("the scores have the shape {}", to_string(*scores))).expecting("[batch, classes, …]");
  }
  if (scores && labels) {
    SymDims expected = *scores;
    expected.erase(expected.begin() + 1);
    bool fits = labels->size() == expected.size();
    for (size_t i = 0; fits && i < expected.size(); ++i) {
      fits = !expected[i].is_number() || !(*labels)[i].is_number() || expected[i] == (*labels)[i];
    }
    if (!fits) {
      return invalid_model(format("the labels have the shape {}", to_string(*labels))).expecting(to_string(expected));
    }
  }
  if (context.has_input(kWeights) && context.dims(kWeights)) {
    const SymDims& weights = *context.dims(kWeights);
    const bool fits = weights.size() == 1 &&
                      (!scores || !weights[0].is_number() || !(*scores)[1].is_number() || weights[0] == (*scores)[1]);
    if (!fits) {
      return invalid_model(format("the weights have the shape {}", to_string(weights))).expecting("one per class");
    }
  }
  if (context.attrs<LossAttrs>().reduction != LossReduction::kNone) {
    context.set(0, dtype, SymDims{});
  } else {
    context.set(0, dtype, labels ? std::optional(*labels) : std::nullopt);
  }
  return ok();
}

// Writes output 0. `logarithms` is [batch, classes, …], float or double.
Status reduce(KernelContext& context, const Tensor& logarithms) {
  const auto& attrs = context.attrs<LossAttrs>();
  const Tensor& labels = context.input(kLabels);
  const Tensor* weights = context.has_input(kWeights) ? &context.input(kWeights) : nullptr;
  const int64_t batch = logarithms.dim(0), classes = logarithms.dim(1);
  const int64_t inner = batch > 0 ? labels.size() / batch : 0;
  THANE_ASSIGN(Tensor losses, Tensor::allocate(DType::kFloat64, labels.dims()));
  double sum = 0, weight_sum = 0;
  for (int64_t i = 0; i < labels.size(); ++i) {
    const int64_t label = labels.as_int64(i);
    losses.data<double>()[i] = 0;
    if (attrs.ignore_index && label == *attrs.ignore_index) continue;
    if (label < 0 || label >= classes) {
      return runtime_error(format("a label is {}", label)).expecting(format("0 to {}", classes - 1));
    }
    const double weight = weights ? weights->as_double(label) : 1;
    const double logarithm = logarithms.as_double((i / inner * classes + label) * inner + i % inner);
    losses.data<double>()[i] = -weight * logarithm;
    sum -= weight * logarithm;
    weight_sum += weight;
  }
  if (attrs.reduction != LossReduction::kNone) {
    losses = Tensor::scalar(attrs.reduction == LossReduction::kMean ? sum / weight_sum : sum);
  }
  narrow(losses, context.output(0), context.threads());
  return ok();
}

// out = x − log Σ eˣ over the classes.
template <class T>
void log_softmax(const T* x, T* out, int64_t batch, int64_t classes, int64_t inner, ThreadPool& threads) {
  threads.parallel_for(batch * inner, 2048 / (classes + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const T* from = x + i / inner * classes * inner + i % inner;
      T* to = out + (from - x);
      T highest = -std::numeric_limits<T>::infinity();
      for (int64_t c = 0; c < classes; ++c) highest = std::max(highest, from[c * inner]);
      double sum = 0;
      for (int64_t c = 0; c < classes; ++c) sum += std::exp(static_cast<double>(from[c * inner]) - highest);
      const double shift = static_cast<double>(highest) + std::log(sum);
      for (int64_t c = 0; c < classes; ++c)
        to[c * inner] = static_cast<T>(static_cast<double>(from[c * inner]) - shift);
    }
  });
}

}  // namespace

Status infer_negative_log_likelihood(InferContext& context) { return infer_loss(context); }

Status eval_negative_log_likelihood(KernelContext& context) { return reduce(context, context.input(kScores)); }

Status infer_softmax_cross_entropy(InferContext& context) {
  const SymDims* scores = context.dims(kScores);
  context.set(1, context.dtype(kScores), scores ? std::optional(*scores) : std::nullopt);
  return infer_loss(context);
}

Status eval_softmax_cross_entropy(KernelContext& context) {
  ThreadPool& threads = context.threads();
  THANE_ASSIGN(const Tensor scores, widened(context.input(kScores), threads));
  THANE_ASSIGN(Tensor logarithms, Tensor::allocate(scores.dtype(), scores.dims()));
  const int64_t batch = scores.dim(0), classes = scores.dim(1);
  if (scores.size() > 0) {
    dispatch<float, double>(scores.dtype(), [&]<class T>() {
      log_softmax(scores.data<T>(), logarithms.data<T>(), batch, classes, scores.size() / (batch * classes), threads);
    });
  }
  if (context.wants_output(1)) narrow(logarithms, context.output(1), threads);
  return reduce(context, logarithms);
}

}  // namespace thane
