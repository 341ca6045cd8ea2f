// Topological order of a graph's nodes.
#pragma once

#include <vector>

#include "formats/onnx/proto.h"

namespace thane::onnx {

// Indices of `nodes` in an order in which every name is produced before it is used, bodies' outer names included. Files
// must be in such an order already; those that are not are sorted. A cycle, or a name produced twice, is an error.
Result<std::vector<size_t>> topological_order(const std::vector<NodeProto>& nodes);

}  // namespace thane::onnx
