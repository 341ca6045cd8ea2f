#include "ops/image/jpeg2000.h"

#include <openjpeg.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/format.h"

namespace thane {
namespace {

using namespace std::string_view_literals;

Error damaged_jpeg2000() { return invalid_argument("the JPEG 2000 picture is damaged").expecting("a whole file"); }

constexpr std::string_view kCodestreamStart = "\xff\x4f\xff\x51"sv;

bool is_codestream(std::span<const std::byte> file) {
  return std::string_view(reinterpret_cast<const char*>(file.data()), file.size()).starts_with(kCodestreamStart);
}

// The decoder makes room for every tile the header declares. Each must begin with a header of 14 bytes, so that a file
// can have no more of them than its size allows. Looks at whatever may be an image header (marker SIZ; ISO/IEC 15444-1,
// A.5.1) after the start of a codestream.
bool tiles_fit(std::span<const std::byte> file) {
  constexpr size_t kTileHeaderBytes = 14, kFirstNumber = 8, kNumbers = 8;
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  for (size_t at = text.find(kCodestreamStart); at != text.npos; at = text.find(kCodestreamStart, at + 1)) {
    if (text.size() - at < kFirstNumber + 4 * kNumbers) return true;  // cut off: the decoder will refuse it
    std::array<uint64_t, kNumbers> numbers{};  // right, bottom, left, top; tile width, height, left, top
    for (size_t i = 0; i < 4 * kNumbers; ++i) {
      numbers[i / 4] = numbers[i / 4] << 8 | static_cast<uint8_t>(text[at + kFirstNumber + i]);
    }
    uint64_t tiles = 1;
    for (size_t axis = 0; axis < 2; ++axis) {
      const uint64_t end = numbers[axis], size = numbers[4 + axis], start = numbers[6 + axis];
      if (size == 0 || start > end) return false;
      tiles *= (end - start + size - 1) / size;
    }
    if (tiles > file.size() / kTileHeaderBytes) return false;
  }
  return true;
}

// A stream over bytes in memory; OpenJPEG asks for it through callbacks.
struct Cursor {
  std::span<const std::byte> file;
  size_t at = 0;
};

OPJ_SIZE_T read_at_cursor(void* buffer, OPJ_SIZE_T count, void* data) {
  auto& cursor = *static_cast<Cursor*>(data);
  count = std::min(count, cursor.file.size() - cursor.at);
  if (count == 0) return static_cast<OPJ_SIZE_T>(-1);  // its mark for the end
  std::memcpy(buffer, cursor.file.data() + cursor.at, count);
  cursor.at += count;
  return count;
}

OPJ_BOOL move_cursor(OPJ_OFF_T to, void* data) {
  auto& cursor = *static_cast<Cursor*>(data);
  if (to < 0 || static_cast<uint64_t>(to) > cursor.file.size()) return OPJ_FALSE;
  cursor.at = static_cast<size_t>(to);
  return OPJ_TRUE;
}

OPJ_OFF_T skip_at_cursor(OPJ_OFF_T count, void* data) {
  auto& cursor = *static_cast<Cursor*>(data);
  const auto left = static_cast<OPJ_OFF_T>(cursor.file.size() - cursor.at);
  if (count < 0 || count > left) return -1;
  cursor.at += static_cast<size_t>(count);
  return count;
}

// OpenJPEG's streams and codecs are both void*: a type of its own for what frees each.
template <auto kDestroy>
struct Free {
  template <class T>
  void operator()(T* object) const {
    kDestroy(object);
  }
};

// Reads the header when made, the rest when asked.
class Jpeg2000 {
 public:
  static Result<std::unique_ptr<Jpeg2000>> open(std::span<const std::byte> file) {
    if (!tiles_fit(file)) return damaged_jpeg2000();
    auto self = std::make_unique<Jpeg2000>();
    self->cursor_.file = file;
    self->stream_.reset(opj_stream_default_create(OPJ_TRUE));
    self->codec_.reset(opj_create_decompress(is_codestream(file) ? OPJ_CODEC_J2K : OPJ_CODEC_JP2));
    if (!self->stream_ || !self->codec_) return resource_limit("no memory for the JPEG 2000 decoder");
    opj_stream_set_read_function(self->stream_.get(), read_at_cursor);
    opj_stream_set_skip_function(self->stream_.get(), skip_at_cursor);
    opj_stream_set_seek_function(self->stream_.get(), move_cursor);
    opj_stream_set_user_data(self->stream_.get(), &self->cursor_, nullptr);
    opj_stream_set_user_data_length(self->stream_.get(), file.size());

    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    opj_image_t* image = nullptr;
    const bool read = opj_setup_decoder(self->codec_.get(), &parameters) &&
                      opj_read_header(self->stream_.get(), self->codec_.get(), &image);
    self->image_.reset(image);
    if (!read || !image) return damaged_jpeg2000();
    THANE_TRY(self->check());
    return self;
  }

  PictureHeader header() const {
    return {static_cast<int>(image_->x1 - image_->x0), static_cast<int>(image_->y1 - image_->y0),
            static_cast<int>(image_->numcomps)};
  }

  Result<Pixels> decode() && {
    const PictureHeader head = header();
    if (!opj_decode(codec_.get(), stream_.get(), image_.get()) || !opj_end_decompress(codec_.get(), stream_.get())) {
      return damaged_jpeg2000();
    }
    const auto channels = image_->numcomps;
    const size_t count = static_cast<size_t>(head.width) * static_cast<size_t>(head.height);
    Pixels pixels{head.width, head.height, head.channels, std::vector<uint8_t>(count * channels)};
    for (OPJ_UINT32 c = 0; c < channels; ++c) {
      const opj_image_comp_t& plane = image_->comps[c];
      if (!plane.data || size_t{plane.w} * plane.h != count) return damaged_jpeg2000();
      const auto bits = static_cast<int>(plane.prec);
      const int64_t zero = plane.sgnd ? int64_t{1} << (bits - 1) : 0;
      for (size_t i = 0; i < count; ++i) {
        const int64_t sample = plane.data[i] + zero;
        const int64_t byte = bits >= 8 ? sample >> (bits - 8) : sample << (8 - bits);
        pixels.values[i * channels + c] = static_cast<uint8_t>(std::clamp<int64_t>(byte, 0, 255));
      }
    }
    if (image_->color_space == OPJ_CLRSPC_SYCC && channels >= 3) to_rgb(pixels);
    return pixels;
  }

 private:
  Status check() const {
    const opj_image_t& image = *image_;
    if (image.x1 <= image.x0 || image.y1 <= image.y0 || image.x1 - image.x0 > kMaxSide ||
        image.y1 - image.y0 > kMaxSide) {
      return damaged_jpeg2000();
    }
    if (image.numcomps != 1 && image.numcomps != 3 && image.numcomps != 4) {
      return unsupported(format("a JPEG 2000 picture of {} components", image.numcomps)).expecting("1, 3 or 4");
    }
    for (OPJ_UINT32 c = 0; c < image.numcomps; ++c) {
      const opj_image_comp_t& plane = image.comps[c];
      if (plane.dx != 1 || plane.dy != 1) return unsupported("a JPEG 2000 picture with subsampled components");
      if (plane.prec < 1 || plane.prec > 16) {
        return unsupported(format("a JPEG 2000 picture of {} bits a sample", plane.prec)).expecting("1 to 16");
      }
    }
    return ok();
  }

  // ITU-R BT.601 over the whole range, as JFIF has it.
  static void to_rgb(Pixels& pixels) {
    const auto channels = static_cast<size_t>(pixels.channels);
    for (size_t i = 0; i + channels <= pixels.values.size(); i += channels) {
      uint8_t* at = &pixels.values[i];
      const double y = at[0], cb = at[1] - 128.0, cr = at[2] - 128.0;
      const double rgb[] = {y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb};
      for (size_t c = 0; c < 3; ++c) at[c] = static_cast<uint8_t>(std::clamp(std::lround(rgb[c]), 0L, 255L));
    }
  }

  static constexpr OPJ_UINT32 kMaxSide = 1 << 24;

  Cursor cursor_;
  std::unique_ptr<opj_stream_t, Free<opj_stream_destroy>> stream_;
  std::unique_ptr<opj_codec_t, Free<opj_destroy_codec>> codec_;
  std::unique_ptr<opj_image_t, Free<opj_image_destroy>> image_;
};

}  // namespace

bool is_jpeg2000(std::span<const std::byte> file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  return is_codestream(file) || text.starts_with("\0\0\0\x0cjP  \r\n\x87\n"sv);
}

Result<PictureHeader> jpeg2000_header(std::span<const std::byte> file) {
  THANE_ASSIGN(const auto picture, Jpeg2000::open(file));
  return picture->header();
}

Result<Pixels> decode_jpeg2000(std::span<const std::byte> file) {
  THANE_ASSIGN(const auto picture, Jpeg2000::open(file));
  return std::move(*picture).decode();
}

}  // namespace thane
