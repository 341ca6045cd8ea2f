#pragma once

#include <string_view>

#include "thane/version.h"

namespace thane::cli {

inline constexpr std::string_view kVersion = THANE_VERSION;

}  // namespace thane::cli
