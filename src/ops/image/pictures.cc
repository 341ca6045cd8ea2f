#include "ops/image/pictures.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <memory>

#include "base/format.h"
#include "ops/image/jpeg2000.h"
#include "ops/image/jpeg_kernels.h"
#include "ops/image/tiff.h"
#include "ops/image/webp.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_NO_FAILURE_STRINGS
#define STBI_NO_SIMD
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_ONLY_PNM
#define STBI_MAX_DIMENSIONS 32768
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

namespace thane {
namespace {

constexpr int64_t kMostPixels = int64_t{64} << 20;

struct FreePixels {
  void operator()(stbi_uc* pixels) const { stbi_image_free(pixels); }
};
using StbPixels = std::unique_ptr<stbi_uc, FreePixels>;

Error not_a_picture() {
  return invalid_argument("cannot be decoded as a picture")
      .expecting("a whole PNG, JPEG, JPEG 2000, WebP, BMP, PNM or plain TIFF file");
}

// What stb does not read.
struct PictureFormat {
  bool (*matches)(std::span<const std::byte> file);
  Result<PictureHeader> (*header)(std::span<const std::byte> file);
  Result<Pixels> (*decode)(std::span<const std::byte> file);  // with the channels as stored
};
constexpr PictureFormat kFormats[] = {
    {is_tiff, tiff_header, decode_tiff},
    {is_webp, webp_header, decode_webp},
    {is_jpeg2000, jpeg2000_header, decode_jpeg2000},
};

const PictureFormat* format_of(std::span<const std::byte> file) {
  const auto found = std::ranges::find_if(kFormats, [&](const PictureFormat& row) { return row.matches(file); });
  return found == std::end(kFormats) ? nullptr : found;
}

// stb's JPEG decoder with loops that round like everybody else's.
stbi_uc* load_jpeg(stbi__context* context, PictureHeader& head, int channels) {
  const auto decoder = std::make_unique<stbi__jpeg>();  // zeroed: damaged files may use what they did not define
  decoder->s = context;
  decoder->idct_block_kernel = [](stbi_uc* out, int stride, short data[64]) { jpeg_inverse_dct(out, stride, data); };
  decoder->YCbCr_to_RGB_kernel = [](stbi_uc* out, const stbi_uc* y, const stbi_uc* cb, const stbi_uc* cr, int count,
                                    int step) { jpeg_to_rgb(out, y, cb, cr, count, step); };
  decoder->resample_row_hv_2_kernel = [](stbi_uc* out, stbi_uc* near, stbi_uc* far, int width, int) {
    jpeg_upsample_row(out, near, far, width);
    return out;
  };
  return load_jpeg_image(decoder.get(), &head.width, &head.height, &head.channels, channels);
}

Result<Pixels> decode_stb(std::span<const std::byte> file, int channels) {
  stbi__context context;
  stbi__start_mem(&context, reinterpret_cast<const stbi_uc*>(file.data()), static_cast<int>(file.size()));
  PictureHeader head;
  StbPixels pixels;
  if (stbi__jpeg_test(&context)) {
    pixels.reset(load_jpeg(&context, head, channels));
  } else {
    pixels.reset(stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(file.data()), static_cast<int>(file.size()),
                                       &head.width, &head.height, &head.channels, channels));
  }
  if (!pixels) return not_a_picture();
  const size_t size =
      static_cast<size_t>(head.width) * static_cast<size_t>(head.height) * static_cast<size_t>(channels);
  return Pixels{head.width, head.height, channels, {pixels.get(), pixels.get() + size}};
}

// Between 1, 3 and 4 channels.
Pixels with_channels(Pixels from, int channels) {
  if (from.channels == channels) return from;
  const size_t count = from.values.size() / static_cast<size_t>(from.channels);
  Pixels to{from.width, from.height, channels, std::vector<uint8_t>(count * static_cast<size_t>(channels), 255)};
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* in = &from.values[i * static_cast<size_t>(from.channels)];
    uint8_t* out = &to.values[i * static_cast<size_t>(channels)];
    if (channels == 1) {
      out[0] = static_cast<uint8_t>((in[0] * 19595 + in[1] * 38470 + in[2] * 7471 + 0x8000) >> 16);
    } else {
      for (int c = 0; c < 3; ++c) out[c] = in[from.channels == 1 ? 0 : c];
    }
  }
  return to;
}

}  // namespace

Result<PictureHeader> picture_header(std::span<const std::byte> file) {
  PictureHeader head;
  if (const PictureFormat* format = format_of(file)) {
    THANE_ASSIGN(head, format->header(file));
  } else if (file.size() > std::numeric_limits<int>::max() ||
             !stbi_info_from_memory(reinterpret_cast<const stbi_uc*>(file.data()), static_cast<int>(file.size()),
                                    &head.width, &head.height, &head.channels)) {
    return not_a_picture();
  }
  if (int64_t{head.width} * head.height > kMostPixels) {
    return resource_limit(format("{} x {} pixels", head.width, head.height)).expecting("at most 64 million");
  }
  return head;
}

Result<Pixels> decode_picture(std::span<const std::byte> file, int channels) {
  THANE_ASSIGN(const PictureHeader head, picture_header(file));
  // A coloured picture becomes grey by way of RGB: stb's own luma rounds otherwise.
  Pixels pixels;
  if (const PictureFormat* format = format_of(file)) {
    THANE_ASSIGN(pixels, format->decode(file));
  } else {
    THANE_ASSIGN(pixels, decode_stb(file, channels == 1 && head.channels > 2 ? 3 : channels));
  }
  return with_channels(std::move(pixels), channels);
}

}  // namespace thane
