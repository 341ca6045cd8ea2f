#include "ops/infer_shapes.h"

namespace thane {

Status infer_same_dims(InferContext& context, DType dtype) {
  const SymDims* dims = context.dims(0);
  context.set(0, dtype, dims ? std::optional(*dims) : std::nullopt);
  return ok();
}

Status infer_same(InferContext& context) { return infer_same_dims(context, context.dtype(0)); }

Result<std::optional<SymDims>> broadcast_inputs(InferContext& context) {
  std::vector<const SymDims*> shapes;
  for (size_t i = 0; i < context.num_inputs(); ++i) {
    if (!context.has_input(i)) continue;
    const SymDims* dims = context.dims(i);
    if (!dims) return std::optional<SymDims>();
    shapes.push_back(dims);
  }
  THANE_ASSIGN(SymDims out, broadcast(shapes));
  return std::optional(std::move(out));
}

Status infer_broadcast(InferContext& context, DType dtype) {
  THANE_ASSIGN(auto dims, broadcast_inputs(context));
  context.set(0, dtype, std::move(dims));
  return ok();
}

Status infer_broadcast(InferContext& context) { return infer_broadcast(context, context.dtype(0)); }

}  // namespace thane
