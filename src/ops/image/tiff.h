// Baseline TIFF: 8 bits per sample, grey, RGB or RGBA in strips, stored plainly or with PackBits. Format: Adobe,
// TIFF 6.0.
#pragma once

#include "ops/image/pictures.h"

namespace thane {

bool is_tiff(std::span<const std::byte> file);
Result<PictureHeader> tiff_header(std::span<const std::byte> file);
Result<Pixels> decode_tiff(std::span<const std::byte> file);  // with the channels as stored

}  // namespace thane
