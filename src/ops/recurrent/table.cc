// RNN, GRU, LSTM.
#include "ops/families.h"

namespace thane {

std::span<const OpDef> recurrent_ops() { return {}; }

}  // namespace thane
