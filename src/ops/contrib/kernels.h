// The fast kernels of com.microsoft's ops.
#pragma once

#include "ir/kernel.h"

namespace thane::contrib {

extern const Kernel kPackedNBits;
extern const Kernel kGroupQueryAttentionByBlocks;
extern const Kernel kMultiHeadAttentionByBlocks;

}  // namespace thane::contrib
