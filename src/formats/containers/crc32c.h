// CRC-32C (Castagnoli), the checksum of LevelDB-style tables and TensorFlow's records, and the mask those store it
// under.
#pragma once

#include <cstdint>
#include <string_view>

namespace thane {

// Continues from `crc`, the checksum of what came before (0: nothing).
uint32_t crc32c(std::string_view bytes, uint32_t crc = 0);

// Checksums stored beside data that hold checksums themselves are rotated and shifted.
constexpr uint32_t masked_crc32c(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

}  // namespace thane
