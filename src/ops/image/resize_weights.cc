// Coordinates and filter weights of Resize along one axis. Formulas: ONNX operator Resize (version 19).
#include <algorithm>
#include <cmath>

#include "ops/image/resize.h"

namespace thane {
namespace {

// In float32, like every runtime: which of two pixels is the nearer one depends on that rounding.
float source_coordinate(const ResizeAttrs& attrs, const ResizeAxis& axis, int64_t position) {
  const auto x = static_cast<float>(position);
  const auto in = static_cast<float>(axis.in);
  switch (attrs.coordinates) {
    case ResizeCoordinates::kHalfPixel: return (x + 0.5f) / axis.scale - 0.5f;
    case ResizeCoordinates::kHalfPixelSymmetric: {
      const float adjustment = static_cast<float>(axis.out) / (axis.scale * in);
      return in / 2 * (1 - adjustment) + (x + 0.5f) / axis.scale - 0.5f;
    }
    case ResizeCoordinates::kPytorchHalfPixel: return axis.out_length > 1 ? (x + 0.5f) / axis.scale - 0.5f : 0.0f;
    case ResizeCoordinates::kAlignCorners: return axis.out_length == 1 ? 0.0f : x * (in - 1) / (axis.out_length - 1);
    case ResizeCoordinates::kAsymmetric: return x / axis.scale;
    case ResizeCoordinates::kTfHalfPixelForNn: return (x + 0.5f) / axis.scale;
    case ResizeCoordinates::kTfCropAndResize: break;
  }
  if (axis.out_length <= 1) return 0.5f * (axis.roi_start + axis.roi_end) * (in - 1);
  return axis.roi_start * (in - 1) + x * (axis.roi_end - axis.roi_start) * (in - 1) / (axis.out_length - 1);
}

bool outside(const ResizeAttrs& attrs, const ResizeAxis& axis, float x) {
  return attrs.coordinates == ResizeCoordinates::kTfCropAndResize && !(x >= 0 && x <= static_cast<float>(axis.in - 1));
}

// x kept to where clamping of indices gives the same result anyway, so that it fits an integer; NaN → the lower end.
float bounded(const ResizeAxis& axis, float x) {
  const float margin = static_cast<float>(axis.in) + 4;
  if (!(x > -margin)) return -margin;
  return std::min(x, 2 * margin);
}

double cubic(double x, double a) {
  x = std::fabs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((x - 5) * x + 8) * x * a - 4 * a;
  return 0;
}

double filter(const ResizeAttrs& attrs, double x) {
  if (attrs.mode == ResizeMode::kCubic) return cubic(x, attrs.cubic_coeff_a);
  return std::max(0.0, 1 - std::fabs(x));
}

}  // namespace

std::vector<int64_t> nearest_indices(const ResizeAttrs& attrs, const ResizeAxis& axis) {
  std::vector<int64_t> indices;
  for (int64_t j = 0; j < axis.out; ++j) {
    const float source = source_coordinate(attrs, axis, j);
    if (outside(attrs, axis, source)) {
      indices.push_back(-1);
      continue;
    }
    const float x = bounded(axis, source);
    const float low = std::floor(x), part = x - low;
    // Ratios of sizes are rounded: a point this close to half way is half way.
    constexpr float tie = 1e-6f;
    bool up = false;
    switch (attrs.nearest_mode) {
      case NearestMode::kRoundPreferFloor: up = part > 0.5f + tie; break;
      case NearestMode::kRoundPreferCeil: up = part >= 0.5f - tie; break;
      case NearestMode::kFloor: up = false; break;
      case NearestMode::kCeil: up = part > 0; break;
    }
    indices.push_back(std::clamp<int64_t>(static_cast<int64_t>(low) + up, 0, axis.in - 1));
  }
  return indices;
}

ResizeWeights resize_weights(const ResizeAttrs& attrs, const ResizeAxis& axis) {
  const int64_t support = attrs.mode == ResizeMode::kCubic ? 2 : 1;
  // Antialiasing stretches the filter where the image shrinks.
  const double squeeze = attrs.antialias ? std::min(1.0, static_cast<double>(axis.scale)) : 1.0;
  const auto half = static_cast<int64_t>(std::ceil(static_cast<double>(support) / squeeze));
  ResizeWeights result;
  result.taps = 2 * half;
  for (int64_t j = 0; j < axis.out; ++j) {
    const float source = source_coordinate(attrs, axis, j);
    if (outside(attrs, axis, source)) {
      if (result.extrapolated.empty()) result.extrapolated.resize(static_cast<size_t>(axis.out), false);
      result.extrapolated[static_cast<size_t>(j)] = true;
    }
    const double x = bounded(axis, source);
    // Neighbours low - half + 1 … low + half, where low < x ≤ low + 1.
    const auto low = static_cast<int64_t>(std::ceil(x)) - 1;
    double sum = 0;
    const size_t begin = result.weights.size();
    for (int64_t i = low - half + 1; i <= low + half; ++i) {
      double weight = filter(attrs, (static_cast<double>(i) - x) * squeeze);
      if (attrs.exclude_outside && (i < 0 || i >= axis.in)) weight = 0;
      sum += weight;
      result.weights.push_back(weight);
      result.indices.push_back(std::clamp<int64_t>(i, 0, axis.in - 1));
    }
    if ((attrs.antialias || attrs.exclude_outside) && sum != 0) {
      for (size_t k = begin; k < result.weights.size(); ++k) result.weights[k] /= sum;
    }
  }
  return result;
}

}  // namespace thane
