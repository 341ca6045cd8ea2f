// Shape rules that many families share.
#pragma once

#include "ir/context.h"

namespace thane {

// Output 0 has the type of input 0.
Status infer_same(InferContext& context);
// Output 0 has the shape of input 0 and the given dtype.
Status infer_same_dims(InferContext& context, DType dtype);
template <DType kDType>
Status infer_same_dims_as(InferContext& context) {
  return infer_same_dims(context, kDType);
}

// The shape of all inputs broadcast together; nothing when a rank is unknown.
Result<std::optional<SymDims>> broadcast_inputs(InferContext& context);
// Output 0 has the inputs' broadcast shape and input 0's dtype, or the given one.
Status infer_broadcast(InferContext& context);
Status infer_broadcast(InferContext& context, DType dtype);

}  // namespace thane
