// The Snappy block format, decoding only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace thane {

// Fails when the text is damaged, or says that it holds more than `most_bytes`.
Result<std::string> decode_snappy(std::string_view compressed, uint64_t most_bytes);

}  // namespace thane
