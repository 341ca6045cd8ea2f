#include "ops/image/webp.h"

#include <webp/decode.h>

#include <string_view>

namespace thane {
namespace {

const uint8_t* webp_bytes(std::span<const std::byte> file) { return reinterpret_cast<const uint8_t*>(file.data()); }

Error damaged_webp() { return invalid_argument("the WebP picture is damaged").expecting("a whole file"); }

}  // namespace

bool is_webp(std::span<const std::byte> file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  return text.starts_with("RIFF") && text.substr(0, 12).ends_with("WEBP");
}

Result<PictureHeader> webp_header(std::span<const std::byte> file) {
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(webp_bytes(file), file.size(), &features) != VP8_STATUS_OK) return damaged_webp();
  if (features.has_animation) return unsupported("an animated WebP picture").expecting("a single picture");
  return PictureHeader{features.width, features.height, features.has_alpha ? 4 : 3};
}

Result<Pixels> decode_webp(std::span<const std::byte> file) {
  THANE_ASSIGN(const PictureHeader head, webp_header(file));
  const auto decode = head.channels == 4 ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
  const size_t row = static_cast<size_t>(head.width) * static_cast<size_t>(head.channels);
  Pixels pixels{head.width, head.height, head.channels, std::vector<uint8_t>(row * static_cast<size_t>(head.height))};
  if (!decode(webp_bytes(file), file.size(), pixels.values.data(), pixels.values.size(), static_cast<int>(row))) {
    return damaged_webp();
  }
  return pixels;
}

}  // namespace thane
