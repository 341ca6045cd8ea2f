// Encoded pictures → pixels: PNG, JPEG, JPEG 2000, WebP, BMP, PNM and plain TIFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace thane {

struct PictureHeader {
  int width = 0, height = 0, channels = 0;  // as stored
};

struct Pixels {
  int width = 0, height = 0, channels = 0;
  std::vector<uint8_t> values;  // height × width × channels
};

// Reads no further than it must. Pictures of more than 64 million pixels, and formats other than those above, are
// errors.
Result<PictureHeader> picture_header(std::span<const std::byte> file);

// Decodes to 1 (luma), 3 (RGB) or 4 (RGBA) channels. JPEG gives the bits of the Independent JPEG Group's software
// (integer transform, "fancy" upsampling), which Pillow and OpenCV use, too; luma is Pillow's: ITU-R BT.601 in 16-bit
// fixed point.
Result<Pixels> decode_picture(std::span<const std::byte> file, int channels);

}  // namespace thane
