// Random generators and dropout.
#include "ops/families.h"

namespace thane {

std::span<const OpDef> random_ops() { return {}; }

}  // namespace thane
