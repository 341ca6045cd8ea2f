// Pow: the result has the base's dtype, whatever the exponent's.
#pragma once

#include "ir/context.h"

namespace thane {

Status infer_pow(InferContext& context);
Status eval_pow(KernelContext& context);

}  // namespace thane
