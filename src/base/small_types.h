// Number types C++ lacks: 16-, 8- and 4-bit floats, 4- and 2-bit integers. Arithmetic is done in float (or int) after
// conversion; these types only store. Formats: IEEE 754 binary16; bfloat16; OCP 8-bit floating point (E4M3FN, E5M2) and
// its FNUZ variants (Micikevicius et al., Noune et al. 2022); OCP microscaling E8M0 and E2M1.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace thane {

float half_to_float(uint16_t bits);
uint16_t float_to_half(float value);    // round to nearest even
uint16_t double_to_half(double value);  // one rounding, where going through float would round twice

struct Half {
  uint16_t bits = 0;
  Half() = default;
  explicit Half(float v) : bits(float_to_half(v)) {}
  explicit Half(double v) : bits(double_to_half(v)) {}
  template <class I>
  requires std::is_integral_v<I>
  explicit Half(I v) : Half(static_cast<double>(v)) {}
  operator float() const { return half_to_float(bits); }
};

struct BFloat16 {
  uint16_t bits = 0;
  BFloat16() = default;
  explicit BFloat16(float v) : bits(round_bits(v)) {}
  template <class N>
  requires(std::is_arithmetic_v<N> && !std::is_same_v<N, float>) explicit BFloat16(N v)
      : BFloat16(static_cast<float>(v)) {}
  operator float() const { return std::bit_cast<float>(uint32_t{bits} << 16); }

 private:
  static uint16_t round_bits(float v) {
    const uint32_t u = std::bit_cast<uint32_t>(v);
    if ((u & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((u >> 16) | 0x40);  // keep NaN a NaN
    return static_cast<uint16_t>((u + 0x7fffu + ((u >> 16) & 1)) >> 16);
  }
};

// Parameters of a minifloat of at most 8 bits.
struct MiniFloatFormat {
  int exponent_bits;
  int mantissa_bits;
  int bias;
  bool has_infinity;  // the largest exponent is reserved as in IEEE
  bool fnuz;          // no negative zero; 0x80 is the only NaN
  bool has_nan;
};
inline constexpr MiniFloatFormat kE4M3FN{4, 3, 7, false, false, true};
inline constexpr MiniFloatFormat kE4M3FNUZ{4, 3, 8, false, true, true};
inline constexpr MiniFloatFormat kE5M2{5, 2, 15, true, false, true};
inline constexpr MiniFloatFormat kE5M2FNUZ{5, 2, 16, false, true, true};
inline constexpr MiniFloatFormat kE2M1{2, 1, 1, false, false, false};

float minifloat_to_float(uint8_t bits, const MiniFloatFormat& format);
// Rounds to nearest even. Out of range: the largest finite value when `saturate`, else infinity or NaN as the format
// has (a format with neither always saturates).
uint8_t float_to_minifloat(float value, const MiniFloatFormat& format, bool saturate);

template <int kId>
constexpr const MiniFloatFormat& minifloat_format() {
  if constexpr (kId == 0) return kE4M3FN;
  if constexpr (kId == 1) return kE4M3FNUZ;
  if constexpr (kId == 2) return kE5M2;
  if constexpr (kId == 3) return kE5M2FNUZ;
  if constexpr (kId == 4) return kE2M1;
}

template <int kId>
struct MiniFloat {
  uint8_t bits = 0;
  MiniFloat() = default;
  explicit MiniFloat(float v, bool saturate = true) : bits(float_to_minifloat(v, minifloat_format<kId>(), saturate)) {}
  operator float() const { return minifloat_to_float(bits, minifloat_format<kId>()); }
};
using Float8E4M3FN = MiniFloat<0>;
using Float8E4M3FNUZ = MiniFloat<1>;
using Float8E5M2 = MiniFloat<2>;
using Float8E5M2FNUZ = MiniFloat<3>;
using Float4E2M1 = MiniFloat<4>;

// A power of two, 2^(bits - 127); 0xff is NaN. It has no sign and no zero.
enum class E8M0Rounding { kUp, kDown, kNearest };
uint8_t float_to_e8m0(float value, E8M0Rounding rounding, bool saturate);
float e8m0_to_float(uint8_t bits);

struct Float8E8M0 {
  uint8_t bits = 0;
  Float8E8M0() = default;
  explicit Float8E8M0(float v) : bits(float_to_e8m0(v, E8M0Rounding::kUp, true)) {}
  operator float() const { return e8m0_to_float(bits); }
};

// Integers of kBits bits, held in one byte, always in range: conversion keeps the low bits (two's complement).
template <int kBits, bool kSigned>
struct SmallInt {
  int8_t value = 0;
  SmallInt() = default;
  explicit SmallInt(int64_t v) : value(wrap(v)) {}
  operator int() const { return value; }
  static constexpr int kMin = kSigned ? -(1 << (kBits - 1)) : 0;
  static constexpr int kMax = kSigned ? (1 << (kBits - 1)) - 1 : (1 << kBits) - 1;

 private:
  static int8_t wrap(int64_t v) {
    const int low = static_cast<int>(v & ((1 << kBits) - 1));
    return static_cast<int8_t>(low > kMax ? low - (1 << kBits) : low);
  }
};
using Int4 = SmallInt<4, true>;
using UInt4 = SmallInt<4, false>;
using Int2 = SmallInt<2, true>;
using UInt2 = SmallInt<2, false>;

}  // namespace thane
