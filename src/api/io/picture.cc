#include "api/io/picture.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/format.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_NO_FAILURE_STRINGS
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_MAX_DIMENSIONS 32768
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

namespace thane {
namespace {

constexpr int64_t kMostPixels = int64_t{64} << 20;

Error not_a_picture(const MappedFile& file) {
  return invalid_argument("cannot be decoded as a picture").at(file.path()).expecting("a whole PNG, JPEG or BMP file");
}

// ITU-R BT.601, rounded to a whole number as in an 8-bit picture.
float luma(const stbi_uc* rgb) {
  return std::floor(0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2] + 0.5f);
}

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
  const auto bytes = file.bytes();
  PictureSize size{};
  if (bytes.size() > std::numeric_limits<int>::max() ||
      !stbi_info_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()), static_cast<int>(bytes.size()), &size.width,
                             &size.height, &size.channels)) {
    return not_a_picture(file);
  }
  if (int64_t{size.width} * size.height > kMostPixels) {
    return resource_limit(format("{} x {} pixels", size.width, size.height)).at(file.path()).expecting("at most 64 million");
  }
  return size;
}

Result<Picture> read_picture(const MappedFile& file, int channels) {
  THANE_ASSIGN(const PictureSize size, picture_size(file));
  const auto bytes = file.bytes();
  // stb's own luma rounds down; a coloured picture is decoded as RGB and made grey here.
  const bool to_grey = channels == 1 && size.channels > 2;
  Picture picture;
  int own_channels = 0;
  stbi_uc* pixels = stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()), static_cast<int>(bytes.size()),
                                          &picture.width, &picture.height, &own_channels, to_grey ? 3 : channels);
  if (!pixels) return not_a_picture(file);
  const size_t count = static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height);
  picture.channels = channels;
  picture.values.resize(count * static_cast<size_t>(channels));
  for (size_t i = 0; i < picture.values.size(); ++i) {
    picture.values[i] = to_grey ? luma(pixels + 3 * i) : static_cast<float>(pixels[i]);
  }
  stbi_image_free(pixels);
  return picture;
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
        for (size_t i = 0; i < tap.weights.size(); ++i) sum += tap.weights[i] * from.at(y, tap.first + static_cast<int>(i), c);
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
