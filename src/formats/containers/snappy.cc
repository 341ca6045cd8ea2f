#include "formats/containers/snappy.h"

#include "base/format.h"
#include "formats/containers/varint.h"

namespace thane {
namespace {

Error damaged_block(std::string_view what) {
  return invalid_model(format("a snappy block is damaged: {}", what)).expecting("a complete block");
}

// Elements begin with a byte whose low two bits say what they are.
enum Element : uint8_t { kLiteral = 0, kCopy1 = 1, kCopy2 = 2, kCopy4 = 3 };

}  // namespace

Result<std::string> decode_snappy(std::string_view compressed, uint64_t most_bytes) {
  const auto size = take_varint(compressed);
  if (!size) return damaged_block("it has no length");
  // A copy of 64 bytes takes 2 at least, so a length far beyond that is a lie.
  if (*size > most_bytes || *size / 64 > compressed.size()) return damaged_block("its length does not fit its bytes");
  std::string out;
  out.reserve(*size);
  const auto take = [&](size_t bytes) -> std::optional<uint32_t> {
    if (bytes > compressed.size()) return std::nullopt;
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; ++i) value |= uint32_t{static_cast<unsigned char>(compressed[i])} << (8 * i);
    compressed.remove_prefix(bytes);
    return value;
  };
  while (!compressed.empty()) {
    const uint32_t tag = *take(1);
    uint64_t length = 0, offset = 0;
    if ((tag & 3) == kLiteral) {
      length = tag >> 2;
      if (length >= 60) {
        const auto longer = take(length - 59);
        if (!longer) return damaged_block("it ends within a length");
        length = *longer;
      }
      ++length;
      if (length > compressed.size() || out.size() + length > *size) return damaged_block("a literal is too long");
      out.append(compressed.substr(0, length));
      compressed.remove_prefix(length);
      continue;
    }
    const size_t bytes = (tag & 3) == kCopy1 ? 1 : (tag & 3) == kCopy2 ? 2 : 4;
    const auto distance = take(bytes);
    if (!distance) return damaged_block("it ends within a copy");
    length = bytes == 1 ? (tag >> 2 & 7) + 4 : (tag >> 2) + 1;
    offset = bytes == 1 ? *distance | uint64_t{tag >> 5} << 8 : *distance;
    if (offset == 0 || offset > out.size() || out.size() + length > *size)
      return damaged_block("a copy reaches outside");
    for (size_t from = out.size() - offset; length > 0; --length) out.push_back(out[from++]);  // may overlap
  }
  if (out.size() != *size) return damaged_block("it is shorter than it says");
  return out;
}

}  // namespace thane
