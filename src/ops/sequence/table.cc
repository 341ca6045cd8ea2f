// Sequences and optionals.
#include "ops/families.h"

namespace thane {

std::span<const OpDef> sequence_ops() { return {}; }

}  // namespace thane
