#include "base/small_types.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace thane {
namespace {

// Values from IEEE 754 and the OCP 8-bit specification.
TEST(Half, KnownValues) {
  EXPECT_EQ(Half(1.0f).bits, 0x3c00);
  EXPECT_EQ(Half(-2.0f).bits, 0xc000);
  EXPECT_EQ(Half(65504.0f).bits, 0x7bff);
  EXPECT_EQ(Half(65520.0f).bits, 0x7c00);  // rounds to infinity
  EXPECT_EQ(Half(65519.0f).bits, 0x7bff);
  EXPECT_EQ(Half(0x1p-24f).bits, 0x0001);  // smallest subnormal
  EXPECT_EQ(Half(0x1p-25f).bits, 0x0000);  // half of it: to even
  EXPECT_EQ(Half(0x1.8p-25f).bits, 0x0001);
  EXPECT_EQ(Half(1.0f + 0x1p-11f).bits, 0x3c00);  // half-way: to even
  EXPECT_EQ(Half(1.0f + 0x1.8p-10f).bits, 0x3c02);
  EXPECT_EQ(Half(2049.0f / 2048.0f + 0x1p-20f).bits, 0x3c01);
  EXPECT_TRUE(std::isnan(float(Half(NAN))));
  EXPECT_EQ(Half(1.0 + 0x1p-11 + 0x1p-40).bits, 0x3c01);  // via float this would round down
}

TEST(Half, EveryBitPatternSurvivesARoundTrip) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = half_to_float(static_cast<uint16_t>(bits));
    if (std::isnan(value)) continue;
    EXPECT_EQ(float_to_half(value), bits);
  }
}

TEST(MiniFloat, KnownValues) {
  EXPECT_EQ(Float8E4M3FN(448.0f).bits, 0x7e);
  EXPECT_EQ(Float8E4M3FN(1e9f).bits, 0x7e);
  EXPECT_EQ(Float8E4M3FN(1e9f, false).bits, 0x7f);
  EXPECT_EQ(float(Float8E4M3FN(0.3f)), 0.3125f);
  EXPECT_EQ(Float8E5M2(57344.0f).bits, 0x7b);
  EXPECT_EQ(Float8E5M2(1e9f, false).bits, 0x7c);
  EXPECT_EQ(Float8E4M3FNUZ(240.0f).bits, 0x7f);
  EXPECT_EQ(Float8E4M3FNUZ(-0.0f).bits, 0x00);
  EXPECT_EQ(Float4E2M1(5.0f).bits, 0x6);  // 4 and 6 are equally near: even mantissa is 4
  EXPECT_EQ(float(Float4E2M1(100.0f)), 6.0f);
  EXPECT_EQ(float_to_e8m0(3.0f, E8M0Rounding::kUp, true), 129);
  EXPECT_EQ(float_to_e8m0(3.0f, E8M0Rounding::kDown, true), 128);
}

template <class T>
void round_trip(int patterns) {
  for (int bits = 0; bits < patterns; ++bits) {
    T value;
    value.bits = static_cast<uint8_t>(bits);
    const float real = value;
    if (std::isnan(real)) continue;
    EXPECT_EQ(T(real, false).bits, bits);
  }
}

TEST(MiniFloat, EveryBitPatternSurvivesARoundTrip) {
  round_trip<Float8E4M3FN>(256);
  round_trip<Float8E4M3FNUZ>(256);
  round_trip<Float8E5M2>(256);
  round_trip<Float8E5M2FNUZ>(256);
  round_trip<Float4E2M1>(16);
}

TEST(SmallInt, KeepsTheLowBits) {
  EXPECT_EQ(int(Int4(7)), 7);
  EXPECT_EQ(int(Int4(8)), -8);
  EXPECT_EQ(int(UInt4(17)), 1);
  EXPECT_EQ(int(Int2(-1)), -1);
  EXPECT_EQ(int(UInt2(7)), 3);
}

}  // namespace
}  // namespace thane
