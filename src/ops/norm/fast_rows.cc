// LayerNormalization and RMSNormalization over contiguous rows of float32.
#include "kernels/rows/rows.h"
#include "ops/norm/kernels.h"
#include "ops/norm/norm.h"

namespace thane {
namespace {

int64_t row_size(const SymDims& dims, size_t axis) {
  int64_t n = 1;
  for (size_t i = axis; i < dims.size(); ++i) n *= dims[i].number();
  return n;
}

std::string refuse_rows(const KernelQuery& query) {
  const SymDims& dims = *query.inputs[0]->dims;
  const auto axis = normalize_axis(query.node.attrs_as<RowNormalizationAttrs>().axis, dims.size());
  if (!axis.ok()) return "no such axis";
  const int64_t n = row_size(dims, *axis);
  for (size_t i = 0; i < query.inputs.size(); ++i) {
    if (!query.inputs[i]) continue;
    if (query.inputs[i]->dtype != DType::kFloat32) return "dtype is not float32";
    if (i == 0) continue;
    const SymDims& own = *query.inputs[i]->dims;
    if (own.size() > dims.size() - *axis || !count_of(own).is_number(n)) return "scale or bias is broadcast";
  }
  for (size_t i = 1; i < query.node.outputs.size(); ++i) {
    if (query.node.outputs[i] != kNoValue) return "statistics are wanted";
  }
  return query.outputs[0].dtype == DType::kFloat32 ? "" : "dtype is not float32";
}

class PackedRowNorm : public PreparedKernel {
 public:
  PackedRowNorm(const RowKernels& kernels, int64_t n, float epsilon, bool centered)
      : kernels_(kernels), n_(n), epsilon_(epsilon), centered_(centered) {}
  Status run(KernelContext& context) const override {
    const float* x = context.input(0).data<float>();
    const float* scale = context.input(1).data<float>();
    const float* bias = context.has_input(2) ? context.input(2).data<float>() : nullptr;
    float* y = context.output(0).data<float>();
    if (context.input(0).size() == 0) return ok();
    context.threads().parallel_for(context.input(0).size() / n_, 16384 / n_ + 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        if (centered_)
          kernels_.layer_norm(n_, epsilon_, x + i * n_, scale, bias, y + i * n_);
        else
          kernels_.rms_norm(n_, epsilon_, x + i * n_, scale, y + i * n_);
      }
    });
    return ok();
  }

 private:
  const RowKernels& kernels_;
  int64_t n_;
  float epsilon_;
  bool centered_;
};

template <bool kCentered>
Result<std::unique_ptr<PreparedKernel>> prepare_rows(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<RowNormalizationAttrs>();
  const SymDims& dims = *query.inputs[0]->dims;
  THANE_ASSIGN(const size_t axis, normalize_axis(attrs.axis, dims.size()));
  return std::unique_ptr<PreparedKernel>(
      new PackedRowNorm(row_kernels(query.isa), row_size(dims, axis), attrs.epsilon, kCentered));
}

}  // namespace

const Kernel kRowLayerNorm = {"norm.rows", refuse_rows, prepare_rows<true>};
const Kernel kRowRmsNorm = {"norm.rows", refuse_rows, prepare_rows<false>};

}  // namespace thane
