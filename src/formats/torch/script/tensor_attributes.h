// What a program may ask a tensor about itself ("ops.prim.dtype(x)"), and numbers made into tensors.
#pragma once

#include "formats/torch/script/machine.h"

namespace thane::torchscript {

// Nothing when `name` is none of these.
Result<std::optional<Value>> tensor_attribute(Machine& machine, std::string_view name, const std::vector<Value>& args);

}  // namespace thane::torchscript
