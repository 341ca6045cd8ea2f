// WebP, lossy and lossless, by way of libwebp; no animations.
#pragma once

#include "ops/image/pictures.h"

namespace thane {

bool is_webp(std::span<const std::byte> file);
Result<PictureHeader> webp_header(std::span<const std::byte> file);
Result<Pixels> decode_webp(std::span<const std::byte> file);  // RGB, or RGBA where the file has transparency

}  // namespace thane
