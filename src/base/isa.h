// Instruction-set levels.
#pragma once

#include <cstdint>

namespace thane {

// Levels for which kernels are compiled, in order; each includes the ones before it on its architecture.
enum class Isa : uint8_t { kPortable, kNeon, kAvx2, kAvx512, kAvx512Vnni, kAvx512Bf16 };

}  // namespace thane
