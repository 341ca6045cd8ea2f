// Optimiser steps of the training preview domain.
#include "ops/families.h"

namespace thane {

std::span<const OpDef> training_ops() { return {}; }

}  // namespace thane
