// Multinomial: draws class indices from rows of unnormalized log-probabilities.
#include <cmath>

#include "base/format.h"
#include "ops/convert.h"
#include "ops/random/random.h"
#include "ops/random/stream.h"

namespace thane {
namespace {

// Running sums of e^(x - largest x). False when they are no distribution (all -inf, NaN, +inf).
bool cumulate(const double* logits, std::vector<double>& sums) {
  const double top = *std::max_element(logits, logits + sums.size());
  double total = 0;
  for (size_t i = 0; i < sums.size(); ++i) sums[i] = total += std::exp(logits[i] - top);
  return std::isfinite(total) && total > 0;
}

}  // namespace

Status infer_multinomial(InferContext& context) {
  const auto& attrs = context.attrs<MultinomialAttrs>();
  if (!(mask_of(attrs.dtype) & kIndexInts)) {
    return invalid_model(format("dtype is {}", dtype_name(attrs.dtype))).expecting("int32 or int64");
  }
  if (attrs.sample_size < 1)
    return invalid_model(format("sample_size is {}", attrs.sample_size)).expecting("1 or more");
  const SymDims* dims = context.dims(0);
  if (!dims) return context.set(0, attrs.dtype, SymDims{Dim::unknown(), Dim(attrs.sample_size)}), ok();
  if (dims->size() != 2) {
    return invalid_model(format("input of shape {}", to_string(*dims))).expecting("[batch, classes]");
  }
  if ((*dims)[1].is_number(0)) return invalid_model("there are no classes to draw from").expecting("at least one");
  context.set(0, attrs.dtype, SymDims{(*dims)[0], Dim(attrs.sample_size)});
  return ok();
}

Status eval_multinomial(KernelContext& context) {
  const auto& attrs = context.attrs<MultinomialAttrs>();
  THANE_ASSIGN(const Tensor logits, converted(context.input(0), DType::kFloat64, context.threads()));
  const Tensor& output = context.output(0);
  RandomStream stream = RandomStream::of(attrs.seed, context.random());
  const int64_t classes = logits.dim(1);
  std::vector<double> sums(static_cast<size_t>(classes));
  for (int64_t row = 0, at = 0; row < logits.dim(0); ++row) {
    if (!cumulate(logits.data<double>() + row * classes, sums)) {
      return runtime_error(format("row {} of the input is no distribution", row))
          .expecting("log-probabilities, some of them finite, none NaN or +inf");
    }
    for (int64_t i = 0; i < attrs.sample_size; ++i, ++at) {
      const auto found = std::upper_bound(sums.begin(), sums.end(), stream.uniform() * sums.back());
      // Rounding may carry the product up to the total itself.
      const int64_t drawn = std::min<int64_t>(found - sums.begin(), classes - 1);
      convert_elements(DType::kInt64, &drawn, output.dtype(), mutable_element(output, at), 1);
    }
  }
  return ok();
}

}  // namespace thane
