#include "ops/elementwise/binary.h"

#include "ops/broadcast.h"

namespace thane {
namespace {

constexpr int64_t kGrain = 16384;

// A run of 16-bit floats: through float32, rounded once at the end (results of another dtype, bools, are not touched).
void run_through_float(BinaryRun run, DType in, DType out, const std::byte* a, int64_t stride_a, const std::byte* b,
                       int64_t stride_b, std::byte* target, int64_t n) {
  alignas(64) float x[kConversionRun], y[kConversionRun];
  if (!stride_a) convert_elements(in, a, DType::kFloat32, x, 1);
  if (!stride_b) convert_elements(in, b, DType::kFloat32, y, 1);
  const auto in_size = static_cast<int64_t>(dtype_size(in)), out_size = static_cast<int64_t>(dtype_size(out));
  for (int64_t done = 0; done < n; done += kConversionRun) {
    const int64_t count = std::min(kConversionRun, n - done);
    if (stride_a) convert_elements(in, a + done * in_size, DType::kFloat32, x, count);
    if (stride_b) convert_elements(in, b + done * in_size, DType::kFloat32, y, count);
    if (out == DType::kBool) {
      run(x, stride_a, y, stride_b, target + done * out_size, count);
    } else {
      alignas(64) float z[kConversionRun];
      run(x, stride_a, y, stride_b, z, count);
      convert_elements(DType::kFloat32, z, out, target + done * out_size, count);
    }
  }
}

}  // namespace

void run_binary(const BinaryRuns& runs, const Tensor& a, const Tensor& b, const Tensor& output, ThreadPool& threads) {
  const DType in = a.dtype(), out = output.dtype();
  const bool narrow = mask_of(in) & mask_of(DType::kFloat16, DType::kBFloat16);
  const BinaryRun run = runs[static_cast<size_t>(narrow ? DType::kFloat32 : in)];
  assert(run && b.dtype() == in);
  const BroadcastWalk<2> walk(output.dims(), {&a.dims(), &b.dims()});
  const auto [stride_a, stride_b] = walk.inner_strides;
  threads.parallel_for(output.size(), kGrain,
                       [&, stride_a = stride_a, stride_b = stride_b](int64_t begin, int64_t end) {
                         walk.for_rows(begin, end, [&](const std::array<int64_t, 2>& offsets, int64_t at, int64_t n) {
                           const std::byte* x = element(a, offsets[0]);
                           const std::byte* y = element(b, offsets[1]);
                           std::byte* z = mutable_element(output, at);
                           if (narrow)
                             run_through_float(run, in, out, x, stride_a, y, stride_b, z, n);
                           else
                             run(x, stride_a, y, stride_b, z, n);
                         });
                       });
}

Status infer_dim_arithmetic(InferContext& context, DimFunction function) {
  THANE_TRY(infer_broadcast(context));
  const auto a = context.dim_values(0), b = context.dim_values(1);
  if (!a || !b || !context.dims(0) || !context.dims(1)) return ok();
  if (!(mask_of(context.dtype(0)) & kIndexInts) || context.dims(0)->size() > 1 || context.dims(1)->size() > 1)
    return ok();
  const size_t n = a->size() == 1 ? b->size() : a->size();
  DimValues values(n);
  for (size_t i = 0; i < n; ++i) values[i] = function((*a)[a->size() == 1 ? 0 : i], (*b)[b->size() == 1 ? 0 : i]);
  context.set_dim_values(0, std::move(values));
  return ok();
}

}  // namespace thane
