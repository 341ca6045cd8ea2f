// Sums and moments of rows, in float64.
#pragma once

#include <algorithm>
#include <cstdint>

namespace thane {

// Rows that one thread takes at a time, when each costs as much as `elements_each` elements.
inline int64_t grain_for(int64_t elements_each) {
  constexpr int64_t kElementsPerRange = 16384;
  return kElementsPerRange / std::max<int64_t>(elements_each, 1) + 1;
}

// Σ term(i) for i in [0, n). Several partial sums, so that the loop can use vector registers.
template <class Term>
double sum_of(int64_t n, const Term& term) {
  constexpr int64_t kLanes = 8;
  double lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += term(i + lane);
  }
  double sum = 0;
  for (; i < n; ++i) sum += term(i);
  for (const double lane : lanes) sum += lane;
  return sum;
}

struct Moments {
  double mean, variance;  // of the whole population
};

// Of `rows` rows of `n` values, `stride` apart.
template <class T>
Moments moments_of(const T* x, int64_t rows, int64_t stride, int64_t n) {
  const auto count = static_cast<double>(rows) * static_cast<double>(n);
  double sum = 0;
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = x + r * stride;
    sum += sum_of(n, [row](int64_t i) { return static_cast<double>(row[i]); });
  }
  const double mean = sum / count;
  double squares = 0;
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = x + r * stride;
    squares += sum_of(n, [row, mean](int64_t i) {
      const double d = static_cast<double>(row[i]) - mean;
      return d * d;
    });
  }
  return {mean, squares / count};
}

}  // namespace thane
