#include "base/small_types.h"

#include <cmath>
#include <limits>

namespace thane {

float half_to_float(uint16_t bits) {
  const uint32_t sign = uint32_t{bits & 0x8000u} << 16;
  const uint32_t magnitude = bits & 0x7fffu;
  if (magnitude >= 0x7c00u) return std::bit_cast<float>(sign | 0x7f800000u | ((magnitude & 0x3ffu) << 13));
  if (magnitude < 0x400u) {  // subnormal: exact in float
    const float value = static_cast<float>(magnitude) * 0x1p-24f;
    return sign ? -value : value;
  }
  return std::bit_cast<float>(sign | ((magnitude << 13) + 0x38000000u));
}

uint16_t float_to_half(float value) { return double_to_half(static_cast<double>(value)); }

uint16_t double_to_half(double value) {
  const uint64_t u = std::bit_cast<uint64_t>(value);
  const auto sign = static_cast<uint16_t>((u >> 48) & 0x8000u);
  const double magnitude = std::fabs(value);
  if (std::isnan(value)) return sign | 0x7e00u;
  if (magnitude >= 65520.0) return sign | 0x7c00u;  // half-way to the next power rounds to infinity
  if (magnitude < 0x1p-14) {                        // subnormal: units of 2^-24
    return static_cast<uint16_t>(sign | static_cast<uint16_t>(std::nearbyint(magnitude * 0x1p24)));
  }
  const uint64_t bits = std::bit_cast<uint64_t>(magnitude);
  // Keep 10 of 52 mantissa bits, rounding to nearest even; a carry moves into the exponent as it should.
  const uint64_t rounded = bits + ((uint64_t{1} << 41) - 1) + ((bits >> 42) & 1);
  return static_cast<uint16_t>(sign | static_cast<uint16_t>((rounded >> 42) - (uint64_t{1023 - 15} << 10)));
}

float minifloat_to_float(uint8_t bits, const MiniFloatFormat& f) {
  const int width = 1 + f.exponent_bits + f.mantissa_bits;
  const int sign_bit = 1 << (width - 1);
  const int mantissa_mask = (1 << f.mantissa_bits) - 1;
  const int exponent_mask = (1 << f.exponent_bits) - 1;
  const bool negative = bits & sign_bit;
  const int exponent = (bits >> f.mantissa_bits) & exponent_mask;
  const int mantissa = bits & mantissa_mask;
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  if (f.fnuz) {
    if (bits == sign_bit) return kNan;
  } else if (f.has_nan && exponent == exponent_mask) {
    if (f.has_infinity) {
      if (mantissa) return kNan;
      return negative ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::infinity();
    }
    if (mantissa == mantissa_mask) return kNan;
  }
  const float magnitude =
      exponent == 0 ? std::ldexp(static_cast<float>(mantissa), 1 - f.bias - f.mantissa_bits)
                    : std::ldexp(static_cast<float>(mantissa + mantissa_mask + 1), exponent - f.bias - f.mantissa_bits);
  return negative ? -magnitude : magnitude;
}

namespace {

// The bits of the largest finite magnitude.
int largest_finite(const MiniFloatFormat& f) {
  const int all = (1 << (f.exponent_bits + f.mantissa_bits)) - 1;
  if (f.fnuz || !f.has_nan) return all;
  return f.has_infinity ? all - (1 << f.mantissa_bits) : all - 1;
}

}  // namespace

uint8_t float_to_minifloat(float value, const MiniFloatFormat& f, bool saturate) {
  const int sign_bit = 1 << (f.exponent_bits + f.mantissa_bits);
  const int sign = std::signbit(value) ? sign_bit : 0;
  const int all = sign_bit - 1;
  // A format without NaN has nothing for it; ONNX's test data show a zero of the other sign.
  const int nan = f.fnuz ? sign_bit : (f.has_nan ? (sign | all) : sign_bit - sign);
  if (std::isnan(value)) return static_cast<uint8_t>(nan);
  const int largest = largest_finite(f);
  const int overflow = saturate || !f.has_nan ? (sign | largest) : (f.has_infinity ? (sign | (largest + 1)) : nan);
  if (std::isinf(value)) return static_cast<uint8_t>(overflow);

  const float magnitude = std::fabs(value);
  int exponent = 0;
  std::frexp(magnitude, &exponent);  // magnitude = m * 2^exponent, m in [0.5, 1)
  const int lowest = 1 - f.bias;     // exponent of the smallest normal
  const int scale = (exponent - 1 < lowest ? lowest : exponent - 1) - f.mantissa_bits;
  const auto units = static_cast<int>(std::nearbyint(std::ldexp(magnitude, -scale)));  // in units of 2^scale
  // units holds the hidden bit for normals; adding the biased exponent as a number lets a carry flow into it.
  const int bits =
      units < (1 << f.mantissa_bits) ? units : units + ((scale + f.mantissa_bits - lowest) << f.mantissa_bits);
  if (bits > largest) return static_cast<uint8_t>(overflow);
  if (bits == 0 && f.fnuz) return 0;
  return static_cast<uint8_t>(sign | bits);
}

float e8m0_to_float(uint8_t bits) {
  if (bits == 0xff) return std::numeric_limits<float>::quiet_NaN();
  return std::ldexp(1.0f, int{bits} - 127);
}

uint8_t float_to_e8m0(float value, E8M0Rounding rounding, bool saturate) {
  if (std::isnan(value)) return 0xff;
  const float magnitude = std::fabs(value);
  if (std::isinf(magnitude)) return saturate ? 0xfe : 0xff;
  const uint32_t u = std::bit_cast<uint32_t>(magnitude);
  uint32_t exponent = u >> 23;
  const uint32_t mantissa = u & 0x7fffffu;
  bool up = false;
  switch (rounding) {
    // A subnormal has exponent field 0, the same as 2^-127 (itself a float subnormal with mantissa 0x400000).
    case E8M0Rounding::kUp: up = exponent == 0 ? mantissa > 0x400000u : mantissa != 0; break;
    case E8M0Rounding::kDown: up = false; break;
    case E8M0Rounding::kNearest: up = exponent == 0 ? mantissa > 0x600000u : mantissa >= 0x400000u; break;
  }
  if (up) ++exponent;
  if (exponent >= 0xff) return saturate ? 0xfe : 0xff;
  return static_cast<uint8_t>(exponent);
}

}  // namespace thane
