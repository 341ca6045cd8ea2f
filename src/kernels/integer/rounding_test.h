// What tests of this folder compare with.
#pragma once

#include <algorithm>
#include <cstdint>

namespace thane {

// What TensorFlow Lite's documentation of its fixed-point arithmetic says, in 128 bits.
inline int64_t fixed_product(int64_t number, int32_t fraction, int32_t shift) {
  const auto shifted = static_cast<int32_t>(static_cast<uint32_t>(number) << std::max(shift, 0));
  const __int128 product = static_cast<__int128>(shifted) * fraction;
  const auto high = static_cast<int64_t>((product + (int64_t{1} << 30)) >> 31);
  const int right = std::max(-shift, 0);
  const int64_t half = right > 0 ? int64_t{1} << (right - 1) : 0;
  return high >= 0 ? (high + half) >> right : -((-high + half) >> right);
}

}  // namespace thane
