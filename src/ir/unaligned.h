// Constants as their file has them need not be aligned: 72% of the raw_data in real ONNX files is not even 4-byte
// aligned.
#pragma once

#include "base/result.h"
#include "ir/graph.h"

namespace thane {

// Replaces the constants of `graph` (not of graphs nested in it) that lie unaligned by copies, so that every reader may
// use them as they are. Tables that only ops with kAnyAlignment look into stay in their file: often the largest of all
// constants, of which a run needs a few rows.
Status copy_unaligned_constants(Graph& graph);

}  // namespace thane
