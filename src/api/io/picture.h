// Pictures as input: PNG, JPEG, JPEG 2000, WebP, BMP, PNM and plain TIFF, decoded to floats and resized.
#pragma once

#include <memory>
#include <vector>

#include "base/file.h"

namespace thane {

struct Picture {
  int width = 0, height = 0, channels = 0;
  std::vector<float> values;  // 0..255, height × width × channels

  float at(int y, int x, int c) const { return values[(static_cast<size_t>(y) * width + x) * channels + c]; }
};

// Width, height and own channels of a picture without decoding it.
struct PictureSize {
  int width, height, channels;
};
Result<PictureSize> picture_size(const MappedFile& file);

// Decodes to `channels` (1: luma, 3: RGB, 4: RGBA; as ops/image/pictures.h says). Pictures of more than 64 million
// pixels are refused.
Result<Picture> read_picture(const MappedFile& file, int channels);

// Bilinear; where it shrinks, the triangle widens with the ratio, so that no pixel is skipped (as Pillow's BILINEAR).
Picture resized(const Picture& picture, int width, int height);

}  // namespace thane
