#include "ops/elementwise/unary.h"

namespace thane {
namespace {

void map_through_float(const FloatMap& map, DType dtype, const std::byte* in, std::byte* out, int64_t n) {
  alignas(64) float run[kConversionRun];
  const auto size = static_cast<int64_t>(dtype_size(dtype));
  for (int64_t done = 0; done < n; done += kConversionRun) {
    const int64_t count = std::min(kConversionRun, n - done);
    convert_elements(dtype, in + done * size, DType::kFloat32, run, count);
    map.f32(map.op, run, run, count);
    convert_elements(DType::kFloat32, run, dtype, out + done * size, count);
  }
}

}  // namespace

void map_floats(KernelContext& context, const FloatMap& map, int64_t grain) {
  const Tensor& in = context.input(0);
  Tensor& out = context.output(0);
  context.threads().parallel_for(in.size(), grain, [&](int64_t begin, int64_t end) {
    const int64_t n = end - begin;
    if (in.dtype() == DType::kFloat32) return map.f32(map.op, in.data<float>() + begin, out.data<float>() + begin, n);
    if (in.dtype() == DType::kFloat64) return map.f64(map.op, in.data<double>() + begin, out.data<double>() + begin, n);
    map_through_float(map, in.dtype(), element(in, begin), mutable_element(out, begin), n);
  });
}

}  // namespace thane
