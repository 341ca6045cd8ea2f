// Constants that lie unaligned in their file are copied, so that every later reader may use them as they are. (72% of
// the raw_data in real ONNX files is not even 4-byte aligned.)
#include "passes/rewrites.h"

namespace thane {

Status align_constants(Graph& graph, const PassOptions&) {
  for (ValueInfo& value : graph.values) {
    if (!value.constant || value.constant->aligned()) continue;
    THANE_ASSIGN(*value.constant, value.constant->copy());
  }
  return ok();
}

}  // namespace thane
