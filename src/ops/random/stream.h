// Random numbers. A stream with a given seed delivers what NumPy's RandomState of that seed does (Mersenne Twister;
// 53-bit uniforms; normals by Marsaglia's polar method), so that seeded results can be checked elsewhere.
#pragma once

#include <optional>
#include <random>

#include "ir/context.h"

namespace thane {

class RandomStream {
 public:
  explicit RandomStream(uint32_t seed) : engine_(seed) {}
  // The seed attribute of a node where it has one (whole numbers count as in NumPy), else the run's own randomness.
  static RandomStream of(std::optional<float> seed, RandomSource& source);

  double uniform();  // [0, 1)
  double normal();   // mean 0, variance 1

 private:
  std::mt19937 engine_;
  std::optional<double> spare_;  // normals come in pairs
};

}  // namespace thane
