// Constants as their file has them need not be aligned: 72% of the raw_data in real ONNX files is not even 4-byte
// aligned.
#pragma once

#include "base/result.h"
#include "ir/graph.h"
#include "ir/op_def.h"

namespace thane {

// Constants of more elements are left in their file until somebody needs them aligned: most become panels, and never
// do.
inline constexpr int64_t kSmallConstant = 4096;

// Replaces the constants of `graph` (not of graphs nested in it) that lie unaligned and have at most so many elements
// by copies, so that every reader may use them as they are. Tables that only ops with kAnyAlignment look into stay in
// their file: often the largest of all constants, of which a run needs a few rows.
Status copy_unaligned_constants(Graph& graph, int64_t most_elements);

// Whether a node can use its constant input of that number wherever it lies.
inline bool takes_any_alignment(const Node& node, size_t input) { return input == 0 && node.op->has(kAnyAlignment); }

}  // namespace thane
