// Dropout: in training mode, output = data · mask / (1 - ratio) with a random mask; otherwise the data as they are.
#include <cstring>

#include "base/format.h"
#include "ops/convert.h"
#include "ops/random/random.h"
#include "ops/random/stream.h"

namespace thane {
namespace {

Status check_scalar(const InferContext& context, size_t i, std::string_view what) {
  if (!context.has_input(i) || !context.type(i).has_concrete_dims()) return ok();
  if (count_of(*context.dims(i)).is_number(1)) return ok();
  return invalid_model(format("{} has the shape {}", what, to_string(*context.dims(i)))).expecting("a scalar");
}

// kept[i]: element i stays.
std::vector<uint8_t> draw_mask(const DropoutAttrs& attrs, double ratio, int64_t n, RandomSource& source) {
  RandomStream stream(static_cast<uint32_t>(attrs.seed ? static_cast<uint64_t>(*attrs.seed) : source.next()));
  std::vector<uint8_t> kept(static_cast<size_t>(n));
  for (uint8_t& keep : kept) keep = stream.uniform() >= ratio;
  return kept;
}

}  // namespace

Status infer_dropout(InferContext& context) {
  THANE_TRY(check_scalar(context, 1, "ratio"));
  THANE_TRY(check_scalar(context, 2, "training_mode"));
  const auto dims = context.dims(0) ? std::optional(*context.dims(0)) : std::nullopt;
  context.set(0, context.dtype(0), dims);
  context.set(1, DType::kBool, dims);
  return ok();
}

Status eval_dropout(KernelContext& context) {
  const Tensor& data = context.input(0);
  const Tensor& output = context.output(0);
  const bool wants_mask = context.wants_output(1);
  const bool training = context.has_input(2) && *context.input(2).data<uint8_t>() != 0;
  const double ratio = !training ? 0 : context.has_input(1) ? context.input(1).as_double(0) : 0.5;
  if (!(ratio >= 0 && ratio < 1)) return runtime_error(format("ratio is {}", ratio)).expecting("0 or more, below 1");
  const auto n = static_cast<size_t>(data.size());
  if (ratio == 0) {
    if (n) std::memmove(output.raw(), data.raw(), data.size_bytes());
    if (wants_mask && n) std::memset(context.output(1).raw(), 1, n);
    return ok();
  }
  const std::vector<uint8_t> kept = draw_mask(context.attrs<DropoutAttrs>(), ratio, data.size(), context.random());
  const DType wide = wide_dtype(data.dtype());
  THANE_ASSIGN(const Tensor x, converted(data, wide, context.threads()));
  THANE_ASSIGN(const Tensor y, Tensor::allocate(wide, data.dims()));
  dispatch<float, double>(wide, [&]<class T>() {
    const T scale = static_cast<T>(1 / (1 - ratio));
    for (size_t i = 0; i < n; ++i) y.data<T>()[i] = kept[i] ? x.data<T>()[i] * scale : T{0};
  });
  convert_tensor(y, output, context.threads());
  if (wants_mask && n) std::memcpy(context.output(1).raw(), kept.data(), n);
  return ok();
}

}  // namespace thane
