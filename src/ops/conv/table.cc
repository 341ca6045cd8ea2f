// Convolutions.
#include "ops/families.h"

namespace thane {

std::span<const OpDef> conv_ops() { return {}; }

}  // namespace thane
