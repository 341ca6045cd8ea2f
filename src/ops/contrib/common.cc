#include "base/checked.h"
#include "base/format.h"
#include "ops/contrib/contrib.h"

namespace thane::contrib {

std::optional<Dims> known_dims(const InferContext& context, size_t input) {
  const SymDims* dims = context.has_input(input) ? context.dims(input) : nullptr;
  if (!dims || !all_numbers(*dims)) return std::nullopt;
  return to_numbers(*dims);
}

bool all_known(const InferContext& context) {
  for (size_t i = 0; i < context.num_inputs(); ++i) {
    if (context.has_input(i) && !known_dims(context, i)) return false;
  }
  return true;
}

const Tensor* optional_input(const KernelContext& context, size_t i) {
  return context.has_input(i) ? &context.input(i) : nullptr;
}

Status check_rows(int64_t batch, int64_t rows) {
  constexpr int64_t kMost = int64_t{1} << 31;
  const auto product = checked_mul(batch, rows);
  if (product && *product <= kMost) return ok();
  return resource_limit(format("sizes {} and {}", batch, rows)).expecting(format("a product of at most {}", kMost));
}

}  // namespace thane::contrib
