#include <limits>

#include "base/checked.h"
#include "base/format.h"
#include "ops/strings/hashes.h"
#include "ops/strings/strings.h"

namespace thane {

Status infer_hash_cross(InferContext& context) {
  Dim batch;
  std::optional<int64_t> count = 1;
  for (size_t i = 0; i < context.num_inputs(); ++i) {
    const SymDims* dims = context.dims(i);
    if (dims && dims->size() != 2) {
      return invalid_model(format("features of {} dimensions", dims->size())).expecting("2: batch and features");
    }
    if (dims && (*dims)[0].is_number()) batch = (*dims)[0];
    const bool known = count && dims && (*dims)[1].is_number();
    count = known ? checked_mul(*count, (*dims)[1].number()) : std::nullopt;
  }
  context.set(0, DType::kInt64, SymDims{batch, count ? Dim(*count) : Dim()});
  return ok();
}

Status eval_hash_cross(KernelContext& context) {
  const auto& attrs = context.attrs<HashCrossAttrs>();
  const int64_t batch = context.input(0).dim(0);
  int64_t count = 1;
  for (size_t i = 0; i < context.num_inputs(); ++i) {
    const Tensor& in = context.input(i);
    if (in.dim(0) != batch) return runtime_error(format("features for {} and for {} examples", batch, in.dim(0)));
    const auto product = checked_mul(count, in.dim(1));
    if (!product) return resource_limit("crossed features");
    count = *product;
  }
  THANE_ASSIGN(Tensor * output, context.allocate(0, DType::kInt64, {batch, count}));
  int64_t* out = output->data<int64_t>();
  const uint64_t modulus =
      attrs.buckets > 0 ? static_cast<uint64_t>(attrs.buckets) : uint64_t{std::numeric_limits<int64_t>::max()};
  for (int64_t row = 0; row < batch; ++row) {
    for (int64_t choice = 0; choice < count; ++choice) {
      auto hash = static_cast<uint64_t>(attrs.key);
      int64_t block = count, rest = choice;
      for (size_t i = 0; i < context.num_inputs(); ++i) {
        const Tensor& in = context.input(i);
        block /= in.dim(1);
        const int64_t at = row * in.dim(1) + rest / block;
        rest %= block;
        const uint64_t feature = in.dtype() == DType::kString ? farm_fingerprint64(in.data<std::string>()[at])
                                                              : static_cast<uint64_t>(in.data<int64_t>()[at]);
        hash = combine_fingerprints(hash, feature);
      }
      *out++ = static_cast<int64_t>(hash % modulus);
    }
  }
  return ok();
}

}  // namespace thane
