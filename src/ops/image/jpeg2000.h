// JPEG 2000, as a .jp2 file or a bare codestream, by way of OpenJPEG: grey, RGB or YCbCr, with or without transparency,
// all components of the picture's size.
#pragma once

#include "ops/image/pictures.h"

namespace thane {

bool is_jpeg2000(std::span<const std::byte> file);
Result<PictureHeader> jpeg2000_header(std::span<const std::byte> file);
Result<Pixels> decode_jpeg2000(std::span<const std::byte> file);  // with the channels as stored, 8 bits each

}  // namespace thane
