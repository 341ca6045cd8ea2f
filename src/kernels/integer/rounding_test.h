// What tests of this folder compare with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

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

// A zero point and bounds: all bytes of either kind, some of them, or those that ReLU leaves.
struct ByteRange {
  int32_t zero, low, high;
};
inline ByteRange random_range(std::mt19937& random) {
  const int32_t least = random() % 2 ? -128 : 0;
  const auto some = static_cast<int32_t>(random() % 60);
  switch (random() % 3) {
    case 0: return {least + some, least, least + 255};
    case 1: return {least + 3 + some, least + 2, least + 250};
    default: return {least + 3, least + 3, least + 250};
  }
}

}  // namespace thane
