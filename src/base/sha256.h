// SHA-256 (FIPS 180-4), to name model files by content.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace thane {

std::string sha256_hex(std::span<const std::byte> bytes);

}  // namespace thane
