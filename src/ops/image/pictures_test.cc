#include "ops/image/pictures.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace thane {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

// A TIFF of one strip; every number big- or little-endian.
class TiffText {
 public:
  explicit TiffText(bool big_endian) : big_(big_endian), text_(big_endian ? "MM" : "II") {
    text_ += number(42, 2) + number(8, 4);
  }
  void entry(uint32_t tag, uint32_t value) {
    entries_ += number(tag, 2) + number(4, 2) + number(1, 4) + number(value, 4);
    ++count_;
  }
  std::string finish(const std::string& strip) {
    const uint32_t data_at = 8 + 2 + 12 * (count_ + 2) + 4;
    entry(273, data_at);
    entry(279, static_cast<uint32_t>(strip.size()));
    return text_ + number(count_, 2) + entries_ + number(0, 4) + strip;
  }

 private:
  std::string number(uint32_t value, int bytes) const {
    std::string out;
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * (big_ ? bytes - 1 - i : i)));
    return out;
  }
  bool big_;
  std::string text_, entries_;
  uint32_t count_ = 0;
};

std::string grey_tiff(bool big_endian, uint32_t compression, const std::string& strip) {
  TiffText text(big_endian);
  text.entry(256, 4);
  text.entry(257, 2);
  text.entry(258, 8);
  text.entry(259, compression);
  text.entry(262, 1);
  text.entry(277, 1);
  return text.finish(strip);
}

TEST(Pictures, ReadsTiff) {
  const std::vector<uint8_t> expected = {1, 2, 3, 3, 3, 3, 3, 9};
  for (const bool big_endian : {false, true}) {
    // PackBits: two literals, five threes, one literal.
    for (const auto& [compression, strip] : {std::pair<uint32_t, std::string>{1, "\1\2\3\3\3\3\3\x09"},
                                             {32773, std::string("\x01\1\2\xfc\3\x00\x09", 7)}}) {
      const auto pixels = decode_picture(bytes_of(grey_tiff(big_endian, compression, strip)), 1);
      ASSERT_TRUE(pixels.ok()) << pixels.error().to_string();
      EXPECT_EQ(pixels->width, 4);
      EXPECT_EQ(pixels->height, 2);
      EXPECT_EQ(pixels->values, expected);
      const auto colour = decode_picture(bytes_of(grey_tiff(big_endian, compression, strip)), 3);
      ASSERT_TRUE(colour.ok());
      EXPECT_EQ(colour->values[3 * 7 + 2], 9);
    }
  }
}

TEST(Pictures, RefusesDamage) {
  const std::string whole = grey_tiff(false, 1, "\1\2\3\3\3\3\3\x09");
  for (size_t n = 0; n < whole.size(); ++n) EXPECT_FALSE(decode_picture(bytes_of(whole.substr(0, n)), 1).ok()) << n;
  for (size_t i = 0; i < whole.size(); ++i) {  // whatever the verdict: no crash
    std::string changed = whole;
    changed[i] = '\xff';
    decode_picture(bytes_of(changed), 3).ok();
  }
}

// Written by Pillow, losslessly, from the pixels (30 x, 50 y, 6 x y) for x < 7 and y < 5.
constexpr std::string_view kWebp =
    "524946462e000000574542505650384c220000002f06000100b93244f43f7611d1ff8042b611a0319d3fde8b301e631013006405da13";
constexpr std::string_view kCodestream =
    "ff4fff51002f000000000007000000050000000000000000000000070000000500000000000000000003070101070101070101ff52000c0000"
    "0001"
    "000204040001ff5c000a4040484850484850ff640025000143726561746564206279204f70656e4a5045472076657273696f6e20322e352e34"
    "ff90"
    "000a0000000000340001ff93df8020095dce21df802006429eebdf801808b080c3ea03000cf78f80c3ea03000fc33f808080ffd9";
constexpr std::string_view kJp2Boxes =
    "0000000c6a5020200d0a870a00000014667479706a703220000000006a7032200000002d6a7032680000001669686472000000050000000700"
    "030707"
    "00000000000f636f6c7201000000000010000000b26a703263";

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::vector<std::string> lossless_pictures() {
  return {from_hex(kWebp), from_hex(kCodestream), from_hex(kJp2Boxes) + from_hex(kCodestream)};
}

TEST(Pictures, ReadsWebpAndJpeg2000) {
  for (const std::string& file : lossless_pictures()) {
    const auto head = picture_header(bytes_of(file));
    ASSERT_TRUE(head.ok()) << head.error().to_string();
    EXPECT_EQ(head->channels, 3);
    const auto pixels = decode_picture(bytes_of(file), 3);
    ASSERT_TRUE(pixels.ok()) << pixels.error().to_string();
    ASSERT_EQ(pixels->width, 7);
    ASSERT_EQ(pixels->height, 5);
    for (int y = 0; y < 5; ++y) {
      for (int x = 0; x < 7; ++x) {
        const uint8_t* at = &pixels->values[static_cast<size_t>(3 * (7 * y + x))];
        EXPECT_EQ(at[0], 30 * x);
        EXPECT_EQ(at[1], 50 * y);
        EXPECT_EQ(at[2], 6 * x * y);
      }
    }
    const auto grey = decode_picture(bytes_of(file), 1);
    ASSERT_TRUE(grey.ok());
    EXPECT_EQ(grey->values[2 * 7 + 3], 90);  // (90, 100, 36) by BT.601
  }
}

TEST(Pictures, RefusesDamagedWebpAndJpeg2000) {
  for (const std::string& whole : lossless_pictures()) {
    for (size_t n = 0; n + 2 < whole.size(); ++n) decode_picture(bytes_of(whole.substr(0, n)), 3).ok();
    EXPECT_FALSE(decode_picture(bytes_of(whole.substr(0, whole.size() / 4)), 3).ok());
    for (size_t i = 0; i < whole.size(); ++i) {  // whatever the verdict: no crash
      for (const char byte : {'\x00', '\xff', '\x7f'}) {
        std::string changed = whole;
        changed[i] = byte;
        decode_picture(bytes_of(changed), 3).ok();
      }
    }
  }
}

TEST(Pictures, RefusesMoreTilesThanFit) {
  std::string file = from_hex(kCodestream);
  const size_t tile_width = 4 + 4 + 4 * 4;
  ASSERT_EQ(file[tile_width + 3], 7);
  file[tile_width + 3] = 1;  // seven tiles in 170 bytes: possible, though they are not there
  EXPECT_TRUE(picture_header(bytes_of(file)).ok());
  for (size_t side = 0; side < 2; ++side) file[8 + 4 * side + 2] = '\x10';  // 4103 tiles
  EXPECT_FALSE(picture_header(bytes_of(file)).ok());
}

TEST(Pictures, RefusesWhatIsNoPicture) {
  EXPECT_FALSE(decode_picture({}, 3).ok());
  EXPECT_FALSE(decode_picture(bytes_of(std::string("RIFF\0\0\0\0WEBPVP8 ", 16)), 3).ok());
}

}  // namespace
}  // namespace thane
