// What tests of this folder compare with.
#pragma once

#include <cstdint>
#include <random>

namespace thane {

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
