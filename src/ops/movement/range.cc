// Range: start, start + delta, … up to limit, exclusive.
#include <cmath>

#include "base/format.h"
#include "ops/movement/movement.h"
#include "ops/shape_values.h"

namespace thane {
namespace {

constexpr int64_t kMostElements = int64_t{1} << 40;

Error too_long() { return resource_limit("the range has more than 2^40 elements"); }

Result<int64_t> int_count(int64_t start, int64_t limit, int64_t delta) {
  if (delta == 0) return runtime_error("delta is 0");
  if (delta > 0 ? limit <= start : limit >= start) return int64_t{0};
  // Differences of two int64 of any sign fit uint64.
  const auto from = static_cast<uint64_t>(start), to = static_cast<uint64_t>(limit);
  const uint64_t span = delta > 0 ? to - from : from - to;
  const uint64_t step = delta > 0 ? static_cast<uint64_t>(delta) : -static_cast<uint64_t>(delta);
  const uint64_t count = (span - 1) / step + 1;
  if (count > static_cast<uint64_t>(kMostElements)) return too_long();
  return static_cast<int64_t>(count);
}

Result<int64_t> float_count(double start, double limit, double delta) {
  const double count = std::ceil((limit - start) / delta);
  if (std::isnan(count)) return runtime_error(format("no range from {} to {} by {}", start, limit, delta));
  if (count <= 0) return int64_t{0};
  if (count > static_cast<double>(kMostElements)) return too_long();
  return static_cast<int64_t>(count);
}

Result<int64_t> count_elements(const Tensor& start, const Tensor& limit, const Tensor& delta) {
  if (mask_of(start.dtype()) & kInts) return int_count(start.as_int64(0), limit.as_int64(0), delta.as_int64(0));
  return float_count(start.as_double(0), limit.as_double(0), delta.as_double(0));
}

// The count from symbolic bounds, where it is sure.
Dim symbolic_count(const Dim& start, const Dim& limit, const Dim& delta) {
  if (!delta.is_number() || delta.number() <= 0) return Dim::unknown();
  const Dim span = limit - start;
  return span.is_nonnegative() ? Dim::ceil_div(span, delta) : Dim::unknown();
}

}  // namespace

Status infer_range(InferContext& context) {
  std::array<Dim, 3> bounds;
  bool all_values = true;
  for (size_t i = 0; i < 3; ++i) {
    if (const SymDims* dims = context.dims(i)) {
      const Dim count = count_of(*dims);
      if (count.is_number() && !count.is_number(1)) {
        return invalid_model(format("input {} has {} elements", i, count.number())).expecting("a scalar");
      }
    }
    all_values &= context.value(i) != nullptr;
    if (const auto values = context.dim_values(i); values && values->size() == 1) bounds[i] = (*values)[0];
  }
  Dim count = symbolic_count(bounds[0], bounds[1], bounds[2]);
  if (all_values) {
    THANE_ASSIGN(count, count_elements(*context.value(0), *context.value(1), *context.value(2)));
  }
  context.set(0, context.dtype(0), SymDims{count});
  return ok();
}

Status eval_range(KernelContext& context) {
  Tensor& output = context.output(0);
  const Tensor &start = context.input(0), &delta = context.input(2);
  THANE_ASSIGN(const int64_t count, count_elements(start, context.input(1), delta));
  if (count != output.size()) return runtime_error(format("the range has {} elements", count));
  dispatch<float, double>(output.dtype(), [&]<class T>() {
    const T first = *start.data<T>(), step = *delta.data<T>();
    for (int64_t i = 0; i < count; ++i) output.data<T>()[i] = first + static_cast<T>(i) * step;
  });
  dispatch<Half, BFloat16>(output.dtype(), [&]<class T>() {
    const float first = *start.data<T>(), step = *delta.data<T>();
    for (int64_t i = 0; i < count; ++i) output.data<T>()[i] = T(first + static_cast<float>(i) * step);
  });
  dispatch<int16_t, int32_t, int64_t>(output.dtype(), [&]<class T>() {
    const uint64_t first = static_cast<uint64_t>(start.as_int64(0)), step = static_cast<uint64_t>(delta.as_int64(0));
    for (int64_t i = 0; i < count; ++i) output.data<T>()[i] = static_cast<T>(first + static_cast<uint64_t>(i) * step);
  });
  return ok();
}

}  // namespace thane
