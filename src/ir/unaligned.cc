#include "ir/unaligned.h"

namespace thane {

Status copy_unaligned_constants(Graph& graph) {
  for (ValueInfo& value : graph.values) {
    if (!value.constant || value.constant->aligned()) continue;
    const Tensor original = *value.constant;
    THANE_ASSIGN(*value.constant, original.copy());
    original.unload();
  }
  return ok();
}

}  // namespace thane
