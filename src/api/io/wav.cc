#include "api/io/wav.h"

#include <bit>
#include <cstring>
#include <optional>

#include "base/format.h"

namespace thane {
namespace {

using Bytes = std::span<const std::byte>;
constexpr uint16_t kPcm = 1, kFloat = 3, kExtensible = 0xfffe;

template <class T>
T load(Bytes bytes, size_t offset) {  // the caller has checked the bounds
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

bool is(Bytes bytes, size_t offset, std::string_view tag) { return !std::memcmp(bytes.data() + offset, tag.data(), 4); }

struct Format {
  uint16_t coding, channels, bits;
  uint32_t rate;
};

Result<Format> parse_format(Bytes chunk) {
  if (chunk.size() < 16) return invalid_argument("the 'fmt ' chunk is too short");
  Format f{load<uint16_t>(chunk, 0), load<uint16_t>(chunk, 2), load<uint16_t>(chunk, 14), load<uint32_t>(chunk, 4)};
  if (f.coding == kExtensible && chunk.size() >= 26) f.coding = load<uint16_t>(chunk, 24);
  const bool pcm = f.coding == kPcm && (f.bits == 8 || f.bits == 16 || f.bits == 24 || f.bits == 32);
  const bool floats = f.coding == kFloat && (f.bits == 32 || f.bits == 64);
  if (!pcm && !floats) {
    return unsupported(format("coding {} with {} bits", f.coding, f.bits))
        .expecting("PCM of 8, 16, 24 or 32 bits, or float of 32 or 64")
        .hinting("convert it, for example with: ffmpeg -i IN -c:a pcm_s16le OUT.wav");
  }
  if (f.channels == 0 || f.rate == 0) return invalid_argument(format("{} channels at {} Hz", f.channels, f.rate));
  return f;
}

float sample_at(Bytes data, size_t offset, const Format& f) {
  if (f.coding == kFloat) {
    return f.bits == 32 ? load<float>(data, offset) : static_cast<float>(load<double>(data, offset));
  }
  switch (f.bits) {
    case 8: return (static_cast<float>(load<uint8_t>(data, offset)) - 128.0f) / 128.0f;
    case 16: return static_cast<float>(load<int16_t>(data, offset)) / 32768.0f;
    case 24: {
      const uint32_t high = uint32_t{load<uint16_t>(data, offset)} << 8 | uint32_t{load<uint8_t>(data, offset + 2)}
                                                                              << 24;
      return static_cast<float>(std::bit_cast<int32_t>(high)) / 2147483648.0f;
    }
    default: return static_cast<float>(load<int32_t>(data, offset)) / 2147483648.0f;
  }
}

Sound mixed(Bytes data, const Format& f) {
  Sound sound{f.rate, {}};
  const size_t width = f.bits / 8u, frame = width * f.channels;
  sound.samples.resize(data.size() / frame);
  for (size_t i = 0; i < sound.samples.size(); ++i) {
    double sum = 0;
    for (size_t c = 0; c < f.channels; ++c) sum += sample_at(data, i * frame + c * width, f);
    sound.samples[i] = static_cast<float>(sum / f.channels);
  }
  return sound;
}

Result<Sound> read_chunks(Bytes bytes) {
  if (bytes.size() < 12 || !is(bytes, 0, "RIFF") || !is(bytes, 8, "WAVE")) {
    return invalid_argument("not a .wav file").expecting("RIFF … WAVE at its start");
  }
  std::optional<Format> found;
  for (size_t at = 12; bytes.size() - at >= 8;) {
    const size_t size = load<uint32_t>(bytes, at + 4), left = bytes.size() - at - 8;
    if (is(bytes, at, "data") && found && size == 0xffffffff) return mixed(bytes.subspan(at + 8), *found);  // a stream
    if (size > left) {
      return invalid_argument(format("a chunk of {} bytes, {} left", size, left)).hinting("the file is cut off");
    }
    const Bytes chunk = bytes.subspan(at + 8, size);
    if (is(bytes, at, "fmt ")) {
      THANE_ASSIGN(found, parse_format(chunk));
    } else if (is(bytes, at, "data")) {
      if (!found) return invalid_argument("the 'data' chunk comes before 'fmt '");
      return mixed(chunk, *found);
    }
    const size_t padded = size + (size & 1);  // chunks start at even offsets
    if (padded >= left) break;
    at += 8 + padded;
  }
  return invalid_argument("no 'data' chunk").hinting("the file is cut off");
}

}  // namespace

Result<Sound> read_wav(const MappedFile& file) {
  auto sound = read_chunks(file.bytes());
  if (!sound.ok()) return std::move(sound).error().at(file.path());
  return sound;
}

}  // namespace thane
