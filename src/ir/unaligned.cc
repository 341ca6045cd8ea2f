#include "ir/unaligned.h"

namespace thane {

Status copy_unaligned_constants(Graph& graph) {
  for (ValueInfo& value : graph.values) {
    if (!value.constant || value.constant->aligned()) continue;
    THANE_ASSIGN(*value.constant, value.constant->copy());
  }
  return ok();
}

}  // namespace thane
