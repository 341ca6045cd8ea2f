#include "ops/fixed_point/sigmoid.h"

#include <algorithm>
#include <limits>

#include "ops/fixed_point/multiplier.h"

namespace thane {
namespace {

constexpr int16_t kOne = std::numeric_limits<int16_t>::max();

// Sums and differences wrap, as they do in the vector instructions that this stands for.
constexpr int16_t wrapped(int32_t x) { return static_cast<int16_t>(static_cast<uint16_t>(x)); }
constexpr int16_t saturated_sum(int32_t a, int32_t b) { return static_cast<int16_t>(std::clamp(a + b, -32768, 32767)); }
int16_t product(int16_t a, int16_t b) { return doubling_high_multiply_16(a, b); }
int16_t halved(int16_t x, int times) { return static_cast<int16_t>(rounding_shift_right(x, times)); }
// A constant that is given with 31 bits below the point.
int16_t constant(int32_t fraction) { return static_cast<int16_t>(rounding_shift_right(fraction, 16)); }

int16_t doubled(int16_t x, int times) {
  const int32_t most = (1 << (15 - times)) - 1;
  if (x > most) return std::numeric_limits<int16_t>::max();
  if (x < -most) return std::numeric_limits<int16_t>::min();
  return wrapped(x * (1 << times));
}

// exp(x) for x in [-1/4, 0), by Taylor's series around -1/8.
int16_t exp_near_zero(int16_t x) {
  const int16_t at_centre = constant(1895147668), third = constant(715827883);
  const int16_t t = wrapped(x + (1 << 12));
  const int16_t t2 = product(t, t), t3 = product(t2, t), t4 = product(t2, t2);
  const int16_t high = halved(wrapped(product(wrapped(halved(t4, 2) + t3), third) + t2), 1);  // t²/2 + t³/6 + t⁴/24
  return saturated_sum(at_centre, product(at_centre, wrapped(t + high)));
}

// exp(x) for x <= 0: of the rest below a quarter, times exp(-2^e) for each bit of what is left.
int16_t exp_of_negative(int16_t x, int bits) {
  constexpr int32_t kFactors[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  constexpr int kFirst = -2, kLast = 4;
  if (x == 0) return kOne;
  const int below = 15 - bits;
  if (bits > 5 && x < -(1 << (below + 5))) return 0;  // x < -32
  const int32_t quarter = 1 << (below - 2);
  const int16_t rest = wrapped((x & (quarter - 1)) - quarter);
  const int32_t left = rest - x;
  int16_t result = exp_near_zero(doubled(rest, bits));
  for (int e = kFirst; e <= kLast && e < bits; ++e) {
    if (left >> (below + e) & 1) result = product(result, constant(kFactors[e - kFirst]));
  }
  return result;
}

// 2 / (1 + x) for x in [0, 1], with two bits above the point: three steps of Newton's.
int16_t twice_inverse_of_one_plus(int16_t x) {
  constexpr int32_t kUnit = 1 << 13;
  const int16_t sum = wrapped((x + kOne + 1) / 2);  // half of 1 + x, rounded
  int16_t y = wrapped(constant(1515870810) + product(sum, constant(-1010580540)));
  for (int step = 0; step < 3; ++step) {
    const int16_t error = wrapped(kUnit - product(sum, y));
    y = wrapped(y + doubled(product(y, error), 2));
  }
  return y;
}

}  // namespace

int16_t fixed_tanh(int16_t x, int bits) {
  if (x == 0) return 0;
  const int16_t negative = x < 0 ? x : wrapped(-x);
  // (1 - e) / (1 + e) with e = exp(-2|x|): the same number, its point one place further down.
  const int16_t magnitude =
      doubled(wrapped(twice_inverse_of_one_plus(exp_of_negative(negative, bits + 1)) - (1 << 13)), 2);
  return x < 0 ? wrapped(-magnitude) : magnitude;
}

int16_t fixed_sigmoid(int16_t x) {
  if (x == 0) return 1 << 14;
  const int16_t negative = x < 0 ? x : wrapped(-x);
  const int16_t positive = doubled(twice_inverse_of_one_plus(exp_of_negative(negative, 3)), 1);
  return x > 0 ? positive : wrapped(kOne - positive);
}

}  // namespace thane
