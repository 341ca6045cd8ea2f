// NonZero and Compress: elements chosen by what they, or a condition, hold.
#include <algorithm>

#include "base/format.h"
#include "kernels/copy.h"
#include "ops/indexing/indexing.h"

namespace thane {
namespace {

// Whether an element differs from zero: any bit set besides the signs of floats.
template <class T>
bool is_set(const T& value, uint64_t mask) {
  if constexpr (std::is_same_v<T, std::string>)
    return !value.empty();
  else if constexpr (std::is_same_v<T, Bytes16>)
    return (value.words[0] & mask) || (value.words[1] & mask);
  else
    return value & mask;
}

uint64_t value_bits(DType dtype) {
  switch (dtype) {
    case DType::kFloat16:
    case DType::kBFloat16: return 0x7fff;
    case DType::kFloat32: return 0x7fffffff;
    case DType::kComplex64: return 0x7fffffff7fffffff;
    case DType::kFloat64:
    case DType::kComplex128: return 0x7fffffffffffffff;
    default: return ~uint64_t{0};
  }
}

}  // namespace

Status infer_non_zero(InferContext& context) {
  const SymDims* dims = context.dims(0);
  const Dim rank = dims ? Dim(static_cast<int64_t>(std::max<size_t>(dims->size(), 1))) : Dim::unknown();
  context.set(0, DType::kInt64, SymDims{rank, Dim::unknown()});
  return ok();
}

Status eval_non_zero(KernelContext& context) {
  const Tensor& input = context.input(0);
  const uint64_t mask = value_bits(input.dtype());
  Dims places;
  dispatch_by_size(input.dtype(), [&]<class T>() {
    const T* in = input.data<T>();
    for (int64_t i = 0; i < input.size(); ++i) {
      if (is_set(in[i], mask)) places.push_back(i);
    }
  });
  const auto count = static_cast<int64_t>(places.size());
  const Dims dims = input.rank() ? input.dims() : Dims{1};
  THANE_ASSIGN(Tensor * output, context.allocate(0, DType::kInt64, {static_cast<int64_t>(dims.size()), count}));
  for (size_t axis = dims.size(); axis-- > 0;) {
    int64_t* row = output->data<int64_t>() + static_cast<int64_t>(axis) * count;
    for (size_t i = 0; i < places.size(); ++i) {
      row[i] = places[i] % dims[axis];
      places[i] /= dims[axis];
    }
  }
  return ok();
}

Status infer_compress(InferContext& context) {
  const SymDims* condition = context.dims(1);
  if (condition && condition->size() != 1) {
    return invalid_model(format("the condition has the shape {}", to_string(*condition))).expecting("rank 1");
  }
  const SymDims* dims = context.dims(0);
  const auto& axis_attr = context.attrs<CompressAttrs>().axis;
  if (!axis_attr) return context.set(0, context.dtype(0), SymDims(1)), ok();
  if (!dims) return context.set(0, context.dtype(0)), ok();
  THANE_ASSIGN(const size_t axis, normalize_axis(*axis_attr, dims->size()));
  SymDims out = *dims;
  out[axis] = Dim::unknown();
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_compress(KernelContext& context) {
  const Tensor& input = context.input(0);
  const Tensor& condition = context.input(1);
  const auto& axis_attr = context.attrs<CompressAttrs>().axis;
  Dims out_dims{0};
  size_t axis = 0;
  int64_t size = input.size(), inner = 1, outer = 1;
  if (axis_attr) {
    THANE_ASSIGN(axis, normalize_axis(*axis_attr, input.rank()));
    out_dims = input.dims();
    size = input.dim(axis);
    inner = row_major_strides(input.dims())[axis];
    for (size_t i = 0; i < axis; ++i) outer *= input.dim(i);
  }
  Dims kept;
  for (int64_t i = 0; i < condition.size(); ++i) {
    if (!condition.data<bool>()[i]) continue;
    if (i >= size) return runtime_error(format("the condition holds for element {} of {}", i, size));
    kept.push_back(i);
  }
  out_dims[axis] = static_cast<int64_t>(kept.size());
  THANE_ASSIGN(Tensor * output, context.allocate(0, input.dtype(), out_dims));
  if (output->size() == 0) return ok();
  const DType dtype = input.dtype();
  int64_t run = 0;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t k : kept) {
      copy_elements(dtype, element(dtype, input.raw(), (o * size + k) * inner),
                    element(dtype, output->raw(), run++ * inner), inner);
    }
  }
  return ok();
}

}  // namespace thane
