// Resize, sampling and other image ops.
#include "ops/families.h"

namespace thane {

std::span<const OpDef> image_ops() { return {}; }

}  // namespace thane
