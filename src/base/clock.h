// Time that never goes back.
#pragma once

#include <chrono>

namespace thane {

// Since some moment in the past, the same for all processes of one boot.
inline double monotonic_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace thane
