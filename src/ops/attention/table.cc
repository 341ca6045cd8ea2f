// Attention, rotary embeddings and relatives.
#include "ops/families.h"

namespace thane {

std::span<const OpDef> attention_ops() { return {}; }

}  // namespace thane
