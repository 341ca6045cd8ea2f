#include "api/io/picture.h"

#include <algorithm>
#include <cmath>

#include "ops/image/pictures.h"

namespace thane {
namespace {

// For one axis: which source elements make up each target element, with what weights.
struct Taps {
  int first = 0;
  std::vector<float> weights;
};

std::vector<Taps> triangle_taps(int from, int to) {
  const double ratio = static_cast<double>(from) / to;
  const double reach = std::max(ratio, 1.0);
  std::vector<Taps> taps(static_cast<size_t>(to));
  for (int i = 0; i < to; ++i) {
    const double centre = (i + 0.5) * ratio;
    Taps& tap = taps[static_cast<size_t>(i)];
    tap.first = std::max(0, static_cast<int>(centre - reach + 0.5));
    const int end = std::min(from, static_cast<int>(centre + reach + 0.5));
    double sum = 0;
    for (int x = tap.first; x < end; ++x) {
      const double weight = std::max(0.0, 1 - std::abs(x + 0.5 - centre) / reach);
      tap.weights.push_back(static_cast<float>(weight));
      sum += weight;
    }
    for (float& weight : tap.weights) weight = static_cast<float>(weight / sum);
  }
  return taps;
}

}  // namespace

Result<PictureSize> picture_size(const MappedFile& file) {
  auto head = picture_header(file.bytes());
  if (!head.ok()) return std::move(head).error().at(file.path());
  return PictureSize{head->width, head->height, head->channels};
}

Result<Picture> read_picture(const MappedFile& file, int channels) {
  auto pixels = decode_picture(file.bytes(), channels);
  if (!pixels.ok()) return std::move(pixels).error().at(file.path());
  return Picture{pixels->width, pixels->height, channels, {pixels->values.begin(), pixels->values.end()}};
}

Picture resized(const Picture& from, int width, int height) {
  if (from.width == width && from.height == height) return from;
  const auto across = triangle_taps(from.width, width), down = triangle_taps(from.height, height);
  const auto channels = static_cast<size_t>(from.channels);
  Picture narrow{width, from.height, from.channels, {}};
  narrow.values.resize(static_cast<size_t>(width) * from.height * channels);
  auto* out = narrow.values.data();
  for (int y = 0; y < from.height; ++y) {
    for (const Taps& tap : across) {
      for (int c = 0; c < from.channels; ++c) {
        float sum = 0;
        for (size_t i = 0; i < tap.weights.size(); ++i)
          sum += tap.weights[i] * from.at(y, tap.first + static_cast<int>(i), c);
        *out++ = sum;
      }
    }
  }
  Picture result{width, height, from.channels, {}};
  result.values.assign(static_cast<size_t>(width) * height * channels, 0.0f);
  const size_t row = static_cast<size_t>(width) * channels;
  for (size_t y = 0; y < down.size(); ++y) {
    for (size_t i = 0; i < down[y].weights.size(); ++i) {
      const float weight = down[y].weights[i];
      const float* source = &narrow.values[(static_cast<size_t>(down[y].first) + i) * row];
      for (size_t x = 0; x < row; ++x) result.values[y * row + x] += weight * source[x];
    }
  }
  return result;
}

}  // namespace thane
