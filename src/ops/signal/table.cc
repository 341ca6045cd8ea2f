// Fourier transforms and windows.
#include "ops/families.h"

namespace thane {

std::span<const OpDef> signal_ops() { return {}; }

}  // namespace thane
