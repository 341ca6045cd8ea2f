#include "ops/image/pictures.h"

#include <gtest/gtest.h>

#include <string>

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

TEST(Pictures, NamesWhatItCannotRead) {
  const auto webp = decode_picture(bytes_of(std::string("RIFF\0\0\0\0WEBPVP8 ", 16)), 3);
  ASSERT_FALSE(webp.ok());
  EXPECT_EQ(webp.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(webp.error().what, "WebP pictures");
  EXPECT_FALSE(decode_picture({}, 3).ok());
}

}  // namespace
}  // namespace thane
