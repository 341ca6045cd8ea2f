// Floats to integers without undefined behaviour.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

namespace thane {

// Truncates towards zero. What does not fit (NaN too) gives what the x86 instruction gives, and so what the other
// frameworks give there: the lowest int32, or int64 for targets of 32 unsigned bits and more; then the low bits are
// kept.
template <class To, class From>
To float_to_int(From value) {
  using Through = std::conditional_t<(sizeof(To) < 4 || std::is_same_v<To, int32_t>), int32_t, int64_t>;
  constexpr From kBound = sizeof(Through) == 4 ? static_cast<From>(0x1p31) : static_cast<From>(0x1p63);
  if constexpr (std::is_same_v<To, uint64_t>) {
    if (value >= kBound && value < 2 * kBound) return static_cast<uint64_t>(value);
  }
  return static_cast<To>(value >= -kBound && value < kBound ? static_cast<Through>(value)
                                                            : std::numeric_limits<Through>::min());
}

}  // namespace thane
