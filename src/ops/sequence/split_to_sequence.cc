// SplitToSequence and ConcatFromSequence: between a tensor and the sequence of its parts along an axis.
#include <algorithm>

#include "base/checked.h"
#include "base/format.h"
#include "kernels/copy.h"
#include "ops/sequence/sequence.h"
#include "ops/shape_values.h"

namespace thane {
namespace {

// Sizes of the parts of an axis: all of `chunk` but perhaps the last.
Result<Dims> equal_parts(int64_t size, int64_t chunk) {
  if (chunk < 1) return runtime_error(format("a split size of {}", chunk)).expecting("1 or more");
  Dims sizes(static_cast<size_t>(size / chunk), chunk);
  if (size % chunk != 0) sizes.push_back(size % chunk);
  return sizes;
}

Result<Dims> given_parts(int64_t size, const Tensor& split) {
  if (split.rank() == 0) return equal_parts(size, split.as_int64(0));
  if (split.rank() != 1) return runtime_error(format("split sizes of shape {}", to_string(split.dims())));
  Dims sizes = ints_of(split);
  int64_t left = size;
  for (int64_t part : sizes) {
    if (part < 0 || part > left) left = -1;
    if (left < 0) break;
    left -= part;
  }
  if (left != 0) {
    return runtime_error(format("split sizes {}", to_string(sizes))).expecting(format("a sum of {}", size));
  }
  return sizes;
}

}  // namespace

Status infer_split_to_sequence(InferContext& context) {
  const auto& attrs = context.attrs<SplitToSequenceAttrs>();
  const SymDims* dims = context.dims(0);
  std::optional<SymDims> out;
  if (dims) {
    THANE_ASSIGN(const size_t axis, normalize_axis(attrs.axis, dims->size()));
    out = *dims;
    const auto at = out->begin() + static_cast<ptrdiff_t>(axis);
    if (context.has_input(1))
      *at = Dim::unknown();
    else if (attrs.keepdims)
      *at = 1;
    else
      out->erase(at);
  }
  context.set_type(0, Type::sequence(Type::tensor(context.dtype(0), std::move(out))));
  return ok();
}

Status eval_split_to_sequence(KernelContext& context) {
  const auto& attrs = context.attrs<SplitToSequenceAttrs>();
  const Tensor& input = context.input(0);
  THANE_ASSIGN(const size_t axis, normalize_axis(attrs.axis, input.rank()));
  THANE_ASSIGN(const Dims sizes,
               context.has_input(1) ? given_parts(input.dim(axis), context.input(1)) : equal_parts(input.dim(axis), 1));
  const Dims strides = row_major_strides(input.dims());
  const bool drop_axis = !context.has_input(1) && !attrs.keepdims;
  Sequence sequence;
  int64_t offset = 0;
  Dims part_dims = input.dims();
  for (int64_t size : sizes) {
    part_dims[axis] = size;
    THANE_ASSIGN(Tensor part, Tensor::allocate(input.dtype(), part_dims));
    copy_strided(input.dtype(), part_dims, element(input.dtype(), input.raw(), offset * strides[axis]), strides,
                 part.raw(), row_major_strides(part_dims), context.threads());
    offset += size;
    if (drop_axis) {
      Dims dims = part_dims;
      dims.erase(dims.begin() + static_cast<ptrdiff_t>(axis));
      THANE_ASSIGN(part, part.reshaped(std::move(dims)));
    }
    sequence.items.emplace_back(std::move(part));
  }
  SymDims dims = to_symbolic(input.dims());
  dims[axis] = drop_axis ? Dim(1) : Dim::unknown();
  if (drop_axis) dims.erase(dims.begin() + static_cast<ptrdiff_t>(axis));
  sequence.element = Type::tensor(input.dtype(), std::move(dims));
  context.set_output(0, Value(std::move(sequence)));
  return ok();
}

Status infer_concat_from_sequence(InferContext& context) {
  const Type& type = context.type(0);
  const auto& attrs = context.attrs<ConcatFromSequenceAttrs>();
  if (type.kind != TypeKind::kSequence || !type.element) return ok();
  const Type& element = *type.element;
  if (!element.dims) return context.set(0, element.dtype), ok();
  const size_t rank = element.dims->size() + (attrs.new_axis ? 1 : 0);
  THANE_TRY(normalize_axis(attrs.axis, rank));
  // The items' own shapes are only known when they are there.
  context.set(0, element.dtype, SymDims(rank));
  return ok();
}

Status eval_concat_from_sequence(KernelContext& context) {
  const auto& attrs = context.attrs<ConcatFromSequenceAttrs>();
  const Sequence& sequence = context.input_value(0).sequence();
  if (sequence.items.empty()) return runtime_error("an empty sequence").expecting("at least one tensor");
  std::vector<Dims> dims;
  for (const Value& item : sequence.items) {
    if (!item.is_tensor()) return runtime_error("an item that is no tensor");
    dims.push_back(item.tensor().dims());
  }
  const DType dtype = sequence.items[0].tensor().dtype();
  THANE_ASSIGN(const size_t axis, normalize_axis(attrs.axis, dims[0].size() + (attrs.new_axis ? 1 : 0)));
  Dims out_dims;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (attrs.new_axis) dims[i].insert(dims[i].begin() + static_cast<ptrdiff_t>(std::min(axis, dims[i].size())), 1);
    Dims compared = dims[i];
    if (i == 0) {
      out_dims = compared;
      out_dims[axis] = 0;
    }
    if (compared.size() == out_dims.size()) compared[axis] = out_dims[axis];
    if (compared != out_dims || sequence.items[i].tensor().dtype() != dtype) {
      return runtime_error(format("item {} is {}", i, sequence.items[i].type().to_string()))
          .expecting(format("{}, but for axis {}", sequence.items[0].type().to_string(), axis));
    }
    const auto sum = checked_add(out_dims[axis], dims[i][axis]);
    if (!sum) return resource_limit("the result is too large");
    out_dims[axis] = *sum;
  }
  THANE_ASSIGN(Tensor * output, context.allocate(0, dtype, out_dims));
  const Dims strides = row_major_strides(out_dims);
  int64_t offset = 0;
  for (size_t i = 0; i < dims.size(); ++i) {
    copy_strided(dtype, dims[i], sequence.items[i].tensor().raw(), row_major_strides(dims[i]),
                 element(dtype, output->raw(), offset * strides[axis]), strides, context.threads());
    offset += dims[i][axis];
  }
  return ok();
}

}  // namespace thane
