#include <cmath>

#include "api/io/picture.h"
#include "api/io/scratch_file.h"
#include "api/io/wav.h"

namespace thane {
namespace {

using namespace std::string_view_literals;

// A 2x2 RGB bitmap: red, green above blue, white.
constexpr std::string_view kBmp =
    "BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0\x02\0\0\0\x01\0\x18\0\0\0\0\0\x10\0\0\0\x13\x0b\0\0\x13\x0b\0\0"
    "\0\0\0"
    "\0\0\0\0\0\xff\0\0\xff\xff\xff\0\0\0\0\xff\0\xff\0\0\0"sv;

TEST(Picture, DecodesTopToBottom) {
  auto picture = read_picture(*mapped(kBmp), 3);
  ASSERT_TRUE(picture.ok()) << picture.error().to_string();
  EXPECT_EQ(picture->values, (std::vector<float>{255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}));
  auto grey = read_picture(*mapped(kBmp), 1);  // as Pillow's convert('L')
  ASSERT_TRUE(grey.ok());
  EXPECT_EQ(grey->values, (std::vector<float>{76, 150, 29, 255}));
}

TEST(Picture, ResizesLikePillow) {  // PIL.Image.fromarray(a, 'F').resize((w, h), Image.BILINEAR), Pillow 12
  const Picture from{5, 4, 1, {0, 10, 200, 30, 90, 255, 40, 5, 70, 8, 1, 2, 3, 250, 100, 60, 0, 128, 7, 33}};
  const std::vector<std::pair<std::pair<int, int>, std::vector<float>>> cases = {
      {{2, 2}, {67.3377f, 71.1039f, 40.9805f, 80.8701f}},
      {{3, 5},
       {4.2857f, 120.0f, 64.2857f, 115.2857f, 55.0556f, 43.4857f, 82.1429f, 42.4444f, 99.4286f, 11.2857f, 62.1667f,
        121.5571f, 34.2857f, 72.6667f, 21.8571f}},
      {{7, 3}, {76.5f,     43.6429f,  54.0f, 141.5f, 70.4286f, 52.0286f, 65.4f, 128.0f,   66.8571f, 16.1429f, 4.0f,
                115.4286f, 114.5714f, 54.0f, 42.3f,  18.4714f, 26.2857f, 90.5f, 82.9286f, 68.4143f, 53.1f}},
  };
  for (const auto& [size, expected] : cases) {
    const Picture to = resized(from, size.first, size.second);
    ASSERT_EQ(to.values.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i)
      EXPECT_NEAR(to.values[i], expected[i], 1e-3) << size.first << " at " << i;
  }
}

TEST(Picture, SaysWhatItCannotDecode) {
  auto picture = read_picture(*mapped("not a picture"), 3);
  ASSERT_FALSE(picture.ok());
  EXPECT_NE(picture.error().to_string().find("PNG, JPEG, JPEG 2000, WebP, BMP"), std::string::npos);
}

TEST(Picture, SurvivesHostileFiles) {
  torture(kBmp, [](auto file) { (void)read_picture(*file, 3); });
}

std::string number(uint32_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i & 0xff);
  return out;
}

std::string wav(uint16_t coding, uint16_t channels, uint16_t bits, std::string_view data) {
  const std::string head = number(coding, 2) + number(channels, 2) + number(16000, 4) + number(0, 6) + number(bits, 2);
  return "RIFF" + number(0, 4) + "WAVE" + "fmt " + number(16, 4) + head + "odd " + number(1, 4) + "x" + '\0' + "data" +
         number(static_cast<uint32_t>(data.size()), 4) + std::string(data);
}

std::vector<float> samples(std::string_view bytes) {
  auto sound = read_wav(*mapped(bytes));
  EXPECT_TRUE(sound.ok()) << (sound.ok() ? "" : sound.error().to_string());
  if (!sound.ok()) return {};
  EXPECT_EQ(sound->rate, 16000);
  return sound->samples;
}

TEST(Wav, ReadsEveryWidth) {
  EXPECT_EQ(samples(wav(1, 1, 8, "\x00\x80\xc0"sv)), (std::vector<float>{-1, 0, 0.5f}));
  EXPECT_EQ(samples(wav(1, 1, 16, "\x00\x80\x00\x40"sv)), (std::vector<float>{-1, 0.5f}));
  EXPECT_EQ(samples(wav(1, 1, 24, "\x00\x00\x80\x00\x00\x40"sv)), (std::vector<float>{-1, 0.5f}));
  EXPECT_EQ(samples(wav(1, 1, 32, "\x00\x00\x00\x80\x00\x00\x00\x40"sv)), (std::vector<float>{-1, 0.5f}));
  EXPECT_EQ(samples(wav(3, 1, 32, "\x00\x00\x80\x3e"sv)), (std::vector<float>{0.25f}));
  EXPECT_EQ(samples(wav(3, 1, 64, "\x00\x00\x00\x00\x00\x00\xd0\x3f"sv)), (std::vector<float>{0.25f}));
}

TEST(Wav, MixesChannels) {
  EXPECT_EQ(samples(wav(1, 2, 16, "\x00\x40\x00\x00\x00\x00\x00\x80"sv)), (std::vector<float>{0.25f, -0.5f}));
}

TEST(Wav, RefusesTruncationAndOtherCodings) {
  const std::string whole = wav(1, 1, 16, "1234");
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(read_wav(*mapped(std::string_view(whole).substr(0, size))).ok()) << size;
  }
  auto mu_law = read_wav(*mapped(wav(7, 1, 8, "1234")));
  ASSERT_FALSE(mu_law.ok());
  EXPECT_NE(mu_law.error().to_string().find("coding 7 with 8 bits (expected PCM"), std::string::npos);
  torture(whole, [](auto file) { (void)read_wav(*file); });
}

}  // namespace
}  // namespace thane
