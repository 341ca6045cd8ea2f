// The fast kernel of Attention.
#pragma once

#include "ir/kernel.h"

namespace thane {

extern const Kernel kHeadsAttention;

}  // namespace thane
