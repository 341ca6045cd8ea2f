// Where a spatial op's tensors keep their channels.
#pragma once

#include <cstdint>
#include <string_view>

namespace thane {

enum class DataLayout : uint8_t {
  kChannelsFirst,  // N, C, spatial…
  kChannelsLast,   // N, spatial…, C
};
inline constexpr std::string_view kDataLayoutNames[] = {"channels_first", "channels_last"};

}  // namespace thane
