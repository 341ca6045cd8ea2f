// Constants as their file has them need not be aligned: 72% of the raw_data in real ONNX files is not even 4-byte
// aligned.
#pragma once

#include "base/result.h"
#include "ir/graph.h"

namespace thane {

// Replaces the constants of `graph` (not of graphs nested in it) that lie unaligned by copies, so that every later
// reader may use them as they are.
Status copy_unaligned_constants(Graph& graph);

}  // namespace thane
