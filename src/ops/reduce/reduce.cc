// The reductions as ops: axes, shapes, dtypes. The loops are in loops.cc.
#include "ops/reduce/reduce.h"

#include <limits>

#include "base/format.h"
#include "ops/convert.h"
#include "ops/shape_values.h"

namespace thane {
namespace {

SymDims reduced_dims(const SymDims& dims, const std::vector<bool>& reduced, bool keepdims) {
  SymDims out;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (!reduced[i])
      out.push_back(dims[i]);
    else if (keepdims)
      out.push_back(Dim(1));
  }
  return out;
}

// The best guess while the axes are not known.
std::optional<SymDims> dims_without_axes(const InferContext& context, size_t rank, bool keepdims) {
  if (keepdims) return SymDims(rank, Dim::unknown());
  const auto count = known_length(context, 1);
  if (!count || *count == 0 || *count > rank) return std::nullopt;
  return SymDims(rank - *count, Dim::unknown());
}

// Sum and product of a list of dimensions, as exporters use them to count elements.
void propagate(Reduction reduction, const std::vector<bool>& reduced, InferContext& context) {
  if (reduction != Reduction::kSum && reduction != Reduction::kProd) return;
  const auto values = context.dim_values(0);
  if (!values || !(mask_of(context.dtype(0)) & kIndexInts) || reduced.size() != 1 || !reduced[0]) return;
  const bool sum = reduction == Reduction::kSum;
  Dim total(sum ? 0 : 1);
  for (const Dim& value : *values) total = sum ? total + value : total * value;
  context.set_dim_values(0, {total});
}

// The lowest or highest value of the output's own dtype, which a wider stand-in would not know.
void fill_with_limit(bool highest, const Tensor& output) {
  const auto fill = [&]<class T>(T value) {
    for (int64_t i = 0; i < output.size(); ++i) output.data<T>()[i] = value;
  };
  if (output.dtype() == DType::kBool) return fill(static_cast<uint8_t>(highest));
  dispatch_numeric(output.dtype(), [&]<class T>() {
    if constexpr (std::is_integral_v<T>) {
      fill(highest ? std::numeric_limits<T>::max() : std::numeric_limits<T>::lowest());
    } else {
      fill(T(highest ? std::numeric_limits<float>::infinity() : -std::numeric_limits<float>::infinity()));
    }
  });
}

}  // namespace

Result<std::vector<bool>> reduced_axes(const ReduceAttrs& attrs, const Dims& axes, size_t rank) {
  if (axes.empty()) return std::vector<bool>(rank, !attrs.noop_with_empty_axes);
  THANE_ASSIGN(const auto list, normalize_axes(axes, rank));
  std::vector<bool> reduced(rank, false);
  for (size_t axis : list) reduced[axis] = true;
  return reduced;
}

Status infer_reduction(Reduction reduction, InferContext& context) {
  const auto& attrs = context.attrs<ReduceAttrs>();
  const SymDims* dims = context.dims(0);
  THANE_ASSIGN(auto axes, known_ints(context, 1, "axes"));
  if (!context.has_input(1)) axes = Dims{};
  if (!dims) return context.set(0, context.dtype(0)), ok();
  if (!axes) return context.set(0, context.dtype(0), dims_without_axes(context, dims->size(), attrs.keepdims)), ok();
  THANE_ASSIGN(const auto reduced, reduced_axes(attrs, *axes, dims->size()));
  context.set(0, context.dtype(0), reduced_dims(*dims, reduced, attrs.keepdims));
  propagate(reduction, reduced, context);
  return ok();
}

Status eval_reduction(Reduction reduction, KernelContext& context) {
  const Tensor& input = context.input(0);
  Tensor& output = context.output(0);
  const Dims axes = context.has_input(1) ? ints_of(context.input(1)) : Dims{};
  THANE_ASSIGN(const auto reduced, reduced_axes(context.attrs<ReduceAttrs>(), axes, input.rank()));
  if (input.size() == 0 && (reduction == Reduction::kMax || reduction == Reduction::kMin)) {
    return fill_with_limit(reduction == Reduction::kMin, output), ok();
  }
  const DType wide = wide_dtype(input.dtype());
  THANE_ASSIGN(const Tensor x, converted(input, wide, context.threads()));
  if (wide == output.dtype()) return reduce_tensor(reduction, x, reduced, output, context.threads()), ok();
  THANE_ASSIGN(const Tensor y, Tensor::allocate(wide, output.dims()));
  reduce_tensor(reduction, x, reduced, y, context.threads());
  convert_tensor(y, output, context.threads());
  return ok();
}

}  // namespace thane
