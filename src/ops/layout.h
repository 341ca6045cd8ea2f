// Where the channels of an image-like tensor stand. Every spatial op carries this as attribute "layout"; ONNX only
// knows the first. Weights keep ONNX's order whatever the layout of the data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace thane {

enum class DataLayout : uint8_t {
  kChannelsFirst,  // [batch, channels, spatial…]
  kChannelsLast,   // [batch, spatial…, channels]
};
inline constexpr std::string_view kDataLayoutNames[] = {"channels_first", "channels_last"};

// Axes of a tensor of `rank` ≥ 2.
constexpr size_t channel_axis(DataLayout layout, size_t rank) {
  return layout == DataLayout::kChannelsFirst ? 1 : rank - 1;
}
constexpr size_t first_spatial_axis(DataLayout layout) { return layout == DataLayout::kChannelsFirst ? 2 : 1; }

}  // namespace thane
