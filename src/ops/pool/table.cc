// Pooling.
#include "ops/families.h"

namespace thane {

std::span<const OpDef> pool_ops() { return {}; }

}  // namespace thane
