// If, Loop, Scan, SequenceMap.
#include "ops/families.h"

namespace thane {

std::span<const OpDef> control_ops() { return {}; }

}  // namespace thane
