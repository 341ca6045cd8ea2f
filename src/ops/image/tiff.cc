#include "ops/image/tiff.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "base/format.h"

namespace thane {
namespace {

enum Tag : uint16_t {
  kWidth = 256,
  kHeight = 257,
  kBits = 258,
  kCompression = 259,
  kPhotometric = 262,
  kStripOffsets = 273,
  kSamples = 277,
  kRowsPerStrip = 278,
  kStripBytes = 279,
  kPlanar = 284,
  kPredictor = 317,
  kTileWidth = 322,
};
constexpr uint32_t kPlain = 1, kPackBits = 32773;

Error damaged() { return invalid_argument("the TIFF picture is damaged").expecting("a whole file"); }

class TiffReader {
 public:
  explicit TiffReader(std::span<const std::byte> file) : file_(file), big_endian_(byte(0) == 'M') {}

  Result<PictureHeader> header() {
    THANE_TRY(read_directory());
    const uint32_t width = value(kWidth, 0), height = value(kHeight, 0), samples = value(kSamples, 1);
    if (width == 0 || height == 0 || width > 32768 || height > 32768) return damaged();
    const uint32_t photometric = value(kPhotometric, 1);
    const auto& bits = tags_[kBits];
    const bool eight = !bits.empty() && std::all_of(bits.begin(), bits.end(), [](uint32_t b) { return b == 8; });
    const bool sampled = samples == 1 || samples == 3 || samples == 4;
    if (!eight || !sampled || photometric > 2 || value(kPlanar, 1) != 1 || value(kPredictor, 1) != 1 ||
        tags_.contains(kTileWidth) || (compression() != kPlain && compression() != kPackBits)) {
      return unsupported("this kind of TIFF picture").expecting("8 bits per sample, in strips, plain or PackBits");
    }
    return PictureHeader{static_cast<int>(width), static_cast<int>(height), static_cast<int>(samples)};
  }

  Result<Pixels> decode() {
    THANE_ASSIGN(const PictureHeader head, header());
    const size_t row = static_cast<size_t>(head.width) * static_cast<size_t>(head.channels);
    const size_t total = row * static_cast<size_t>(head.height);
    const auto &offsets = tags_[kStripOffsets], &sizes = tags_[kStripBytes];
    Pixels pixels{head.width, head.height, head.channels, {}};
    if (offsets.size() != sizes.size()) return damaged();
    for (size_t i = 0; i < offsets.size() && pixels.values.size() < total; ++i) {
      if (offsets[i] > file_.size() || sizes[i] > file_.size() - offsets[i]) return damaged();
      append(file_.subspan(offsets[i], sizes[i]), total, pixels.values);
    }
    if (pixels.values.size() != total) return damaged();
    if (value(kPhotometric, 1) == 0) {  // white is zero
      for (uint8_t& v : pixels.values) v = static_cast<uint8_t>(255 - v);
    }
    return pixels;
  }

 private:
  uint8_t byte(size_t i) const { return i < file_.size() ? static_cast<uint8_t>(file_[i]) : 0; }
  // Beyond the end there are zeros.
  uint32_t number(size_t at, int bytes) const {
    uint32_t result = 0;
    for (int i = 0; i < bytes; ++i) {
      const int place = big_endian_ ? bytes - 1 - i : i;
      result |= uint32_t{byte(at + static_cast<size_t>(i))} << (8 * place);
    }
    return result;
  }
  uint32_t value(Tag tag, uint32_t otherwise) const {
    const auto found = tags_.find(tag);
    return found == tags_.end() || found->second.empty() ? otherwise : found->second[0];
  }
  uint32_t compression() const { return value(kCompression, kPlain); }

  static bool known(uint32_t tag) {
    constexpr uint32_t kTags[] = {kWidth,   kHeight,       kBits,       kCompression, kPhotometric, kStripOffsets,
                                  kSamples, kRowsPerStrip, kStripBytes, kPlanar,      kPredictor,   kTileWidth};
    return std::find(std::begin(kTags), std::end(kTags), tag) != std::end(kTags);
  }

  // Each tag may stand once, so that lists never take more memory than a few times the file.
  Status read_directory() {
    const size_t at = number(4, 4);
    if (at + 2 > file_.size()) return damaged();
    const uint32_t entries = number(at, 2);
    for (uint32_t i = 0; i < entries; ++i) {
      const size_t entry = at + 2 + 12 * size_t{i};
      if (entry + 12 > file_.size()) return damaged();
      const uint32_t type = number(entry + 2, 2), count = number(entry + 4, 4);
      if (!known(number(entry, 2))) continue;
      const int size = type == 3 ? 2 : type == 4 ? 4 : type == 1 ? 1 : 0;  // SHORT, LONG, BYTE
      if (size == 0) continue;
      const size_t all = size_t{count} * static_cast<size_t>(size);
      const size_t values = all <= 4 ? entry + 8 : number(entry + 8, 4);
      if (all > file_.size() || values > file_.size() - all) return damaged();
      auto& list = tags_[static_cast<Tag>(number(entry, 2))];
      if (!list.empty()) return damaged();
      for (uint32_t k = 0; k < count; ++k) list.push_back(number(values + size_t{k} * static_cast<size_t>(size), size));
    }
    return ok();
  }

  void append(std::span<const std::byte> strip, size_t most, std::vector<uint8_t>& out) const {
    const auto put = [&](uint8_t v) {
      if (out.size() < most) out.push_back(v);
    };
    if (compression() == kPlain) {
      for (std::byte b : strip) put(static_cast<uint8_t>(b));
      return;
    }
    for (size_t i = 0; i < strip.size() && out.size() < most;) {
      const auto code = static_cast<int8_t>(strip[i++]);
      if (code >= 0) {
        for (int k = 0; k <= code && i < strip.size(); ++k) put(static_cast<uint8_t>(strip[i++]));
      } else if (code != -128 && i < strip.size()) {
        for (int k = 0; k < 1 - code; ++k) put(static_cast<uint8_t>(strip[i]));
        ++i;
      }
    }
  }

  std::span<const std::byte> file_;
  bool big_endian_;
  std::map<Tag, std::vector<uint32_t>> tags_;
};

}  // namespace

bool is_tiff(std::span<const std::byte> file) {
  if (file.size() < 8) return false;
  const auto at = [&](size_t i) { return static_cast<char>(file[i]); };
  return (at(0) == 'I' && at(1) == 'I' && at(2) == 42 && at(3) == 0) ||
         (at(0) == 'M' && at(1) == 'M' && at(2) == 0 && at(3) == 42);
}

Result<PictureHeader> tiff_header(std::span<const std::byte> file) { return TiffReader(file).header(); }
Result<Pixels> decode_tiff(std::span<const std::byte> file) { return TiffReader(file).decode(); }

}  // namespace thane
