// The fast kernels of normalizations.
#pragma once

#include "ir/kernel.h"

namespace thane {

extern const Kernel kRowLayerNorm;
extern const Kernel kRowRmsNorm;

}  // namespace thane
