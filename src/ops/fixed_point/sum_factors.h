// How XNNPACK, which LiteRT runs on by default, adds two quantized numbers: one sum of products with factors of up to
// 21 bits, one rounding.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

namespace thane {

// The sum, in units of the result's scale, is (a·x + b·z + offset) >> shift, for bytes x and z. Halves go upwards.
struct SumFactors {
  int32_t a = 0, b = 0, offset = 0;
  int shift = 0;

  // a_ratio, b_ratio: scales over that of the result; below 0 for what is taken away. Null: ratios beyond what XNNPACK
  // takes, or zero points that no byte has.
  static std::optional<SumFactors> of(float a_ratio, float b_ratio, int64_t a_zero, int64_t b_zero) {
    constexpr float kLeast = 0x1p-10f, kBeyond = 0x1p8f;
    constexpr int kBits = 20;
    const float a_size = std::fabs(a_ratio), b_size = std::fabs(b_ratio);
    for (const float size : {a_size, b_size}) {
      if (!(size >= kLeast) || !(size < kBeyond)) return std::nullopt;
    }
    for (const int64_t zero : {a_zero, b_zero}) {
      if (zero < INT8_MIN || zero > UINT8_MAX) return std::nullopt;
    }
    SumFactors f;
    f.shift = kBits - std::ilogb(std::max(a_size, b_size));
    f.a = static_cast<int32_t>(std::lrint(std::ldexp(a_ratio, f.shift)));
    f.b = static_cast<int32_t>(std::lrint(std::ldexp(b_ratio, f.shift)));
    // Wraps, as the sum does on its way.
    const int64_t offset = (int64_t{1} << (f.shift - 1)) - f.a * a_zero - f.b * b_zero;
    f.offset = static_cast<int32_t>(static_cast<uint32_t>(offset));
    return f;
  }

  int32_t operator()(int32_t x, int32_t z) const {
    return static_cast<int32_t>(static_cast<uint32_t>(int64_t{a} * x + int64_t{b} * z + offset)) >> shift;
  }
};

}  // namespace thane
