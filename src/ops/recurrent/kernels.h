// The fast kernels of LSTM and GRU.
#pragma once

#include "ir/kernel.h"

namespace thane {

extern const Kernel kPackedLstm;
extern const Kernel kPackedGru;

}  // namespace thane
