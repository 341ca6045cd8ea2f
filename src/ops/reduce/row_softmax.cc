// Softmax over contiguous rows of float32.
#include "kernels/rows/rows.h"
#include "ops/reduce/reduce.h"

namespace thane {
namespace {

// The axis and what follows it, when nothing longer than 1 follows.
std::string refuse_row_softmax(const KernelQuery& query) {
  if (query.inputs[0]->dtype != DType::kFloat32) return "dtype is not float32";
  const SymDims& dims = *query.inputs[0]->dims;
  const auto axis = normalize_axis(query.node.attrs_as<SoftmaxAttrs>().axis, dims.size());
  if (!axis.ok()) return "no such axis";
  for (size_t i = *axis + 1; i < dims.size(); ++i) {
    if (!dims[i].is_number(1)) return "the axis is not the innermost";
  }
  return {};
}

class RowSoftmax : public PreparedKernel {
 public:
  RowSoftmax(const RowKernels& kernels, int64_t n) : kernels_(kernels), n_(n) {}
  Status run(KernelContext& context) const override {
    const float* x = context.input(0).data<float>();
    float* y = context.output(0).data<float>();
    if (context.input(0).size() == 0) return ok();
    context.threads().parallel_for(context.input(0).size() / n_, 8192 / n_ + 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) kernels_.softmax(n_, 1.0f, x + i * n_, nullptr, y + i * n_);
    });
    return ok();
  }

 private:
  const RowKernels& kernels_;
  int64_t n_;
};

Result<std::unique_ptr<PreparedKernel>> prepare_row_softmax(const KernelQuery& query) {
  const SymDims& dims = *query.inputs[0]->dims;
  THANE_ASSIGN(const size_t axis, normalize_axis(query.node.attrs_as<SoftmaxAttrs>().axis, dims.size()));
  return std::unique_ptr<PreparedKernel>(new RowSoftmax(row_kernels(query.isa), dims[axis].number()));
}

}  // namespace

const Kernel kRowSoftmax = {"softmax.rows", refuse_row_softmax, prepare_row_softmax};

}  // namespace thane
