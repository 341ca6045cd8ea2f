#include "ops/shape_values.h"

#include "base/format.h"

namespace thane {
namespace {

Error no_list(const InferContext& context, size_t i, std::string_view what) {
  return invalid_model(format("{} is {}", what, context.type(i).to_string()))
      .expecting("a list of at most 4096 numbers");
}

}  // namespace

Result<std::optional<Dims>> known_ints(const InferContext& context, size_t i, std::string_view what) {
  auto numbers = context.ints(i);
  if (!numbers && context.value(i)) return no_list(context, i, what);
  return numbers;
}

Result<std::optional<DimValues>> known_dims(const InferContext& context, size_t i, std::string_view what) {
  auto values = context.dim_values(i);
  if (!values && context.value(i)) return no_list(context, i, what);
  return values;
}

Result<std::optional<int64_t>> known_int(const InferContext& context, size_t i, std::string_view what) {
  THANE_ASSIGN(const auto numbers, known_ints(context, i, what));
  if (!numbers) return std::optional<int64_t>();
  if (numbers->size() != 1) return invalid_model(format("{} has {} elements", what, numbers->size())).expecting("1");
  return std::optional<int64_t>((*numbers)[0]);
}

std::optional<size_t> known_length(const InferContext& context, size_t i) {
  if (!context.has_input(i)) return std::nullopt;
  if (const auto values = context.dim_values(i)) return values->size();
  const SymDims* dims = context.dims(i);
  if (!dims) return std::nullopt;
  const Dim count = count_of(*dims);
  if (!count.is_number() || count.number() < 0 || count.number() > 4096) return std::nullopt;
  return static_cast<size_t>(count.number());
}

Dims ints_of(const Tensor& tensor) {
  Dims numbers(static_cast<size_t>(tensor.size()));
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = tensor.as_int64(static_cast<int64_t>(i));
  return numbers;
}

Status check_sizes(const InferContext& context, const SymDims& dims) {
  if (all_numbers(dims)) return ok();
  for (size_t i = 0; i < context.num_inputs(); ++i) {
    if (!context.has_input(i)) continue;
    const Type& type = context.type(i);
    if (!type.has_concrete_dims()) return ok();
    // Shapes also come from contents, which need not be known yet.
    if (mask_of(type.dtype) & kInts && !context.value(i)) return ok();
  }
  return resource_limit(format("the output's shape {} is too large", to_string(dims)));
}

}  // namespace thane
