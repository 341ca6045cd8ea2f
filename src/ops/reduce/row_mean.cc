// ReduceMean and ReduceSum of float32 over neighbouring axes that are not the innermost: rows added up.
#include "kernels/pool/pool.h"
#include "ops/reduce/reduce.h"

namespace thane {
namespace {

// The input as [outer][rows][columns], rows being what is reduced; nothing when it is not of that form.
struct RowView {
  int64_t outer = 1, rows = 1, columns = 1;
};

std::optional<RowView> row_view(const KernelQuery& query) {
  const Tensor* axes = query.constant(1);
  if (!axes || axes->size() == 0) return std::nullopt;
  Dims list;
  for (int64_t i = 0; i < axes->size(); ++i) list.push_back(axes->as_int64(i));
  const Dims dims = to_numbers(*query.inputs[0]->dims);
  const auto reduced = reduced_axes(query.node.attrs_as<ReduceAttrs>(), list, dims.size());
  if (!reduced.ok()) return std::nullopt;
  RowView view;
  int stage = 0;  // outer, rows, columns
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0) return std::nullopt;
    if (dims[i] == 1) continue;
    if ((*reduced)[i] ? stage == 2 : stage == 1) ++stage;
    if ((*reduced)[i] && stage == 0) stage = 1;
    if (stage > 2) return std::nullopt;
    (stage == 0 ? view.outer : stage == 1 ? view.rows : view.columns) *= dims[i];
  }
  if (view.columns < 8) return std::nullopt;
  return view;
}

std::string refuse_row_mean(const KernelQuery& query) {
  if (query.inputs[0]->dtype != DType::kFloat32) return "dtype is not float32";
  return row_view(query) ? "" : "not rows of columns";
}

class RowSums : public PreparedKernel {
 public:
  RowSums(const PoolKernels& kernels, const RowView& view, bool mean)
      : kernels_(kernels), view_(view), scale_(mean ? static_cast<float>(1.0 / static_cast<double>(view.rows)) : 1) {}

  Status run(KernelContext& context) const override {
    const float* x = context.input(0).data<float>();
    float* y = context.output(0).data<float>();
    constexpr int64_t kSlice = 64;  // columns of a job
    const int64_t slices = (view_.columns + kSlice - 1) / kSlice;
    const int64_t grain = 65536 / (view_.rows * kSlice) + 1;
    context.threads().parallel_for(view_.outer * slices, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = i % slices * kSlice, outer = i / slices;
        kernels_.sum_rows(std::min(kSlice, view_.columns - first), view_.rows,
                          x + outer * view_.rows * view_.columns + first, view_.columns, scale_,
                          y + outer * view_.columns + first);
      }
    });
    return ok();
  }

 private:
  const PoolKernels& kernels_;
  RowView view_;
  float scale_;
};

template <bool kMean>
Result<std::unique_ptr<PreparedKernel>> prepare_row_sums(const KernelQuery& query) {
  return std::unique_ptr<PreparedKernel>(new RowSums(pool_kernels(query.isa), *row_view(query), kMean));
}

}  // namespace

const Kernel kRowMean = {"reduce.rows", refuse_row_mean, prepare_row_sums<true>};
const Kernel kRowSum = {"reduce.rows", refuse_row_mean, prepare_row_sums<false>};

}  // namespace thane
