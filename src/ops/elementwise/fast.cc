#include "ops/elementwise/fast.h"

#include "ir/context.h"
#include "ops/broadcast.h"

namespace thane {
namespace {

// 5 µs and more: arithmetic runs at memory speed, polynomials at a few elements per nanosecond.
constexpr int64_t kFastGrain = 16384;

class MapKernelRun : public PreparedKernel {
 public:
  MapKernelRun(const MapKernels& kernels, const MapSpec& spec)
      : run_(kernels.map[static_cast<size_t>(spec.op)]), spec_(spec) {}

  Status run(KernelContext& context) const override {
    const float* x = context.input(0).data<float>();
    float* y = context.output(0).data<float>();
    context.threads().parallel_for(context.output(0).size(), kFastGrain, [&](int64_t begin, int64_t end) {
      run_(spec_.alpha, spec_.beta, end - begin, x + begin, y + begin);
    });
    return ok();
  }

 private:
  MapRun run_;
  MapSpec spec_;
};

class ZipKernelRun : public PreparedKernel {
 public:
  ZipKernelRun(ZipRun run, const Dims& out, const Dims& a, const Dims& b) : run_(run), walk_(out, {&a, &b}) {}

  Status run(KernelContext& context) const override {
    const float* a = context.input(0).data<float>();
    const float* b = context.input(1).data<float>();
    float* y = context.output(0).data<float>();
    const auto [stride_a, stride_b] = walk_.inner_strides;
    context.threads().parallel_for(
        walk_.size, kFastGrain, [&, stride_a = stride_a, stride_b = stride_b](int64_t begin, int64_t end) {
          walk_.for_rows(begin, end, [&](const std::array<int64_t, 2>& offsets, int64_t at, int64_t n) {
            run_(n, a + offsets[0], stride_a, b + offsets[1], stride_b, y + at);
          });
        });
    return ok();
  }

 private:
  ZipRun run_;
  BroadcastWalk<2> walk_;
};

}  // namespace

std::string refuse_map(const KernelQuery& query, FindMap find) {
  if (query.inputs[0]->dtype != DType::kFloat32) return "dtype is not float32";
  return find(query) ? "" : "its parameters are not known";
}

Result<std::unique_ptr<PreparedKernel>> prepare_map(const KernelQuery& query, FindMap find) {
  return std::unique_ptr<PreparedKernel>(new MapKernelRun(map_kernels(query.isa), *find(query)));
}

std::string refuse_zip(const KernelQuery& query) {
  const bool floats =
      query.inputs[0]->dtype == DType::kFloat32 && query.inputs[1] && query.inputs[1]->dtype == DType::kFloat32;
  return floats ? "" : "dtype is not float32";
}

Result<std::unique_ptr<PreparedKernel>> prepare_zip(const KernelQuery& query, ZipOp op) {
  return std::unique_ptr<PreparedKernel>(
      new ZipKernelRun(map_kernels(query.isa).run(op), to_numbers(*query.outputs[0].dims),
                       to_numbers(*query.inputs[0]->dims), to_numbers(*query.inputs[1]->dims)));
}

}  // namespace thane
