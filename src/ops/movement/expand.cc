// Expand and Tile: repetition along axes.
#include "base/format.h"
#include "kernels/copy.h"
#include "ops/movement/movement.h"
#include "ops/shape_values.h"

namespace thane {

Status infer_expand(InferContext& context) {
  THANE_ASSIGN(const auto target, known_dims(context, 1, "the shape"));
  const SymDims* dims = context.dims(0);
  if (!target || !dims) {
    std::optional<SymDims> out;
    if (const auto length = known_length(context, 1); length && dims) out = SymDims(std::max(*length, dims->size()));
    return context.set(0, context.dtype(0), std::move(out)), ok();
  }
  for (const Dim& dim : *target) {
    if (dim.is_number() && dim.number() < 0) {
      return invalid_model(format("the shape {} has a negative dimension", to_string(*target)));
    }
  }
  const SymDims* const shapes[] = {dims, &*target};
  THANE_ASSIGN(SymDims out, broadcast(shapes));
  const auto values = context.dim_values(0);
  if (values && values->size() == 1 && out.size() == 1 && out[0].is_number() && out[0].number() <= 4096) {
    context.set_dim_values(0, DimValues(static_cast<size_t>(out[0].number()), (*values)[0]));
  }
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_expand(KernelContext& context) {
  const Tensor& input = context.input(0);
  Tensor& output = context.output(0);
  const Dims in_strides = row_major_strides(input.dims());
  Dims strides(output.rank(), 0);
  const size_t lead = output.rank() - input.rank();
  for (size_t i = 0; i < input.rank(); ++i) strides[lead + i] = input.dim(i) == 1 ? 0 : in_strides[i];
  copy_strided(input.dtype(), output.dims(), input.raw(), strides, output.raw(), row_major_strides(output.dims()),
               context.threads());
  return ok();
}

Status infer_tile(InferContext& context) {
  THANE_ASSIGN(const auto repeats, known_dims(context, 1, "repeats"));
  const SymDims* dims = context.dims(0);
  if (!dims || !repeats) {
    std::optional<SymDims> out;
    if (dims)
      out = SymDims(dims->size());
    else if (const auto rank = known_length(context, 1))
      out = SymDims(*rank);
    return context.set(0, context.dtype(0), std::move(out)), ok();
  }
  if (repeats->size() != dims->size()) {
    return invalid_model(format("{} repeats for an input of rank {}", repeats->size(), dims->size()));
  }
  SymDims out(dims->size());
  for (size_t i = 0; i < dims->size(); ++i) {
    const Dim& count = (*repeats)[i];
    if (count.is_number() && count.number() < 0) {
      return invalid_model(format("the repeats {} have a negative number", to_string(*repeats)));
    }
    out[i] = (*dims)[i] * count;
  }
  THANE_TRY(check_sizes(context, out));
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_tile(KernelContext& context) {
  const Tensor& input = context.input(0);
  Tensor& output = context.output(0);
  if (output.size() == 0) return ok();
  // Axis i of the output is the pair (repeat, place within the input).
  const Dims in_strides = row_major_strides(input.dims());
  const Dims out_strides = row_major_strides(output.dims());
  Dims dims, from, to;
  for (size_t i = 0; i < input.rank(); ++i) {
    dims.insert(dims.end(), {output.dim(i) / input.dim(i), input.dim(i)});
    from.insert(from.end(), {0, in_strides[i]});
    to.insert(to.end(), {out_strides[i] * input.dim(i), out_strides[i]});
  }
  copy_strided(input.dtype(), dims, input.raw(), from, output.raw(), to, context.threads());
  return ok();
}

}  // namespace thane
