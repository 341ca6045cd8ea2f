// RandomUniform, RandomNormal, their Like forms, and Bernoulli.
#include "base/format.h"
#include "ops/convert.h"
#include "ops/random/random.h"
#include "ops/random/stream.h"

namespace thane {
namespace {

// output[i] = draw(i), computed in float64.
template <class Draw>
void fill(const Tensor& output, const Draw& draw) {
  double run[kConversionRun];
  for (int64_t done = 0; done < output.size(); done += kConversionRun) {
    const int64_t n = std::min(kConversionRun, output.size() - done);
    for (int64_t i = 0; i < n; ++i) run[i] = draw(done + i);
    convert_elements(DType::kFloat64, run, output.dtype(), mutable_element(output, done), n);
  }
}

Status check_dtype(DType dtype, DTypeMask allowed) {
  if (dtype == DType::kUndefined || (mask_of(dtype) & allowed)) return ok();
  return invalid_model(format("the output would be {}", dtype_name(dtype)))
      .expecting("attribute dtype as one of " + dtype_mask_names(allowed));
}

template <class A>
Status infer_shaped(InferContext& context) {
  const A& attrs = context.attrs<A>();
  const DType dtype = attrs.dtype.value_or(DType::kFloat32);
  THANE_TRY(check_dtype(dtype, kFloats));
  for (int64_t dim : attrs.shape) {
    if (dim < 0) return invalid_model(format("shape is {}", to_string(attrs.shape))).expecting("no negative dimension");
  }
  context.set(0, dtype, to_symbolic(attrs.shape));
  return ok();
}

Status infer_like(InferContext& context, DTypeMask allowed) {
  const DType dtype = context.attrs<LikeAttrs>().dtype.value_or(context.dtype(0));
  THANE_TRY(check_dtype(dtype, allowed));
  context.set(0, dtype, context.dims(0) ? std::optional(*context.dims(0)) : std::nullopt);
  return ok();
}

}  // namespace

Status infer_random_uniform(InferContext& context) { return infer_shaped<UniformAttrs>(context); }
Status infer_random_normal(InferContext& context) { return infer_shaped<NormalAttrs>(context); }
Status infer_random_like(InferContext& context) { return infer_like(context, kFloats); }
Status infer_bernoulli(InferContext& context) { return infer_like(context, kNumeric | kBoolOnly); }

Status eval_random_uniform(KernelContext& context) {
  const auto& attrs = context.attrs<UniformLikeAttrs>();
  RandomStream stream = RandomStream::of(attrs.seed, context.random());
  const double low = attrs.low, width = double{attrs.high} - low;
  fill(context.output(0), [&](int64_t) { return low + width * stream.uniform(); });
  return ok();
}

Status eval_random_normal(KernelContext& context) {
  const auto& attrs = context.attrs<NormalLikeAttrs>();
  RandomStream stream = RandomStream::of(attrs.seed, context.random());
  fill(context.output(0), [&](int64_t) { return attrs.mean + attrs.scale * stream.normal(); });
  return ok();
}

Status eval_bernoulli(KernelContext& context) {
  const Tensor& probability = context.input(0);
  RandomStream stream = RandomStream::of(context.attrs<LikeAttrs>().seed, context.random());
  fill(context.output(0), [&](int64_t i) { return stream.uniform() < probability.as_double(i) ? 1.0 : 0.0; });
  return ok();
}

}  // namespace thane
