// Base-128 variable-length integers, low bits first: protobuf's, LevelDB's, snappy's.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace thane {

// Takes one from the front; nothing when the text ends within it or it has more than 64 bits.
inline std::optional<uint64_t> take_varint(std::string_view& text) {
  uint64_t value = 0;
  for (size_t i = 0; i < text.size() && i < 10; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (i == 9 && byte > 1) return std::nullopt;
    value |= uint64_t{byte & 0x7fu} << (7 * i);
    if (byte < 0x80) {
      text.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace thane
