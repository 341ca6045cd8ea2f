#include "ops/random/stream.h"

#include <bit>
#include <cmath>

namespace thane {

RandomStream RandomStream::of(std::optional<float> seed, RandomSource& source) {
  if (!seed) return RandomStream(static_cast<uint32_t>(source.next()));
  const bool whole = *seed >= 0 && *seed < 4294967296.0f && std::trunc(*seed) == *seed;
  return RandomStream(whole ? static_cast<uint32_t>(*seed) : std::bit_cast<uint32_t>(*seed));
}

double RandomStream::uniform() {
  const auto high = static_cast<double>(engine_() >> 5), low = static_cast<double>(engine_() >> 6);
  return (high * 0x1p26 + low) * 0x1p-53;
}

double RandomStream::normal() {
  if (spare_) {
    const double value = *spare_;
    spare_.reset();
    return value;
  }
  double x, y, square;
  do {
    x = 2 * uniform() - 1;
    y = 2 * uniform() - 1;
    square = x * x + y * y;
  } while (square >= 1 || square == 0);
  const double factor = std::sqrt(-2 * std::log(square) / square);
  spare_ = factor * x;
  return factor * y;
}

}  // namespace thane
