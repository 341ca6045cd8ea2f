// String ops.
#include "ops/families.h"

namespace thane {

std::span<const OpDef> text_ops() { return {}; }

}  // namespace thane
