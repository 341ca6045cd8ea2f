// Functions of int16 by linear interpolation between 513 points, as TensorFlow Lite makes and reads such tables.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace thane {

class InterpolatedTable {
 public:
  // f maps reals to reals; operand and result have these scales and zero points.
  template <class F>
  InterpolatedTable(double input_scale, int32_t input_zero_point, double output_scale, int32_t output_zero_point,
                    const F& f) {
    constexpr double kLow = -32768, kHigh = 32767;
    const double first = input_scale * (kLow - input_zero_point), last = input_scale * (kHigh - input_zero_point);
    const double low = output_scale * (kLow - output_zero_point), high = output_scale * (kHigh - output_zero_point);
    const double step = (last - first) / kSteps, to_output = (kHigh - kLow + 1) / (high - low);
    const auto clamped = [&](double v) { return static_cast<int16_t>(std::clamp(v, kLow, kHigh)); };
    for (int i = 0; i < kSteps; ++i) {
      const double here = f(first + i * step) * to_output, next = f(first + (i + 1) * step) * to_output;
      const double middle = std::round(f(first + i * step + step / 2) * to_output);
      const double straight = std::round((next + std::round(here)) / 2);
      // Half of what a straight line misses the middle by goes to the ends.
      points_[static_cast<size_t>(i)] = clamped(std::round(here) - std::round((straight - middle) / 2));
    }
    points_[kSteps] = clamped(std::round(f(last) * to_output));
  }

  int16_t operator()(int16_t x) const {
    const auto index = static_cast<size_t>(256 + (x >> 7));
    const int32_t slope = points_[index + 1] - points_[index];
    return static_cast<int16_t>(points_[index] + ((slope * (x & 0x7f) + 64) >> 7));
  }

 private:
  static constexpr int kSteps = 512;
  std::array<int16_t, kSteps + 1> points_;
};

}  // namespace thane
