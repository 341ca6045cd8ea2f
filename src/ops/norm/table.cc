// Normalisations.
#include "ops/families.h"

namespace thane {

std::span<const OpDef> norm_ops() { return {}; }

}  // namespace thane
