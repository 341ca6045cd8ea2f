// Calling an ATen op while a graph is being written.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "formats/torch/aten/value.h"

namespace thane::aten {

using NamedValues = std::vector<std::pair<std::string, Value>>;

// Does what the op does: finds the overload that the arguments fit (PyTorch's rules: exact types first, then with
// implicit conversions), fills in defaults, writes nodes. `op` is "aten::add", "aten::add.Tensor", "quantized::linear",
// "torchvision::nms", …; without an overload, all are tried. Several results come as a tuple. In-place ops and out=
// arguments write to the tensors given and return them.
Result<Value> call(Context& context, std::string_view op, std::vector<Value> args, NamedValues kwargs = {});

// Whether there is anything here of that name ("aten::add" or with overload). What it supports is known only from a
// call.
bool is_known(std::string_view op);

// Names of a call's parameters in the overload that these arguments would choose are needed by nobody; the raw schemas
// of a name, for front ends that print or check: "add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor".
std::vector<std::string_view> schemas_of(std::string_view name);

}  // namespace thane::aten
