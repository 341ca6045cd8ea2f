// Time that never goes back. (Not <chrono>: in newer standard libraries that brings std::format along, which every call
// of format with a std::string would then be confused with.)
#pragma once

namespace thane {

// Since some moment in the past, the same for all processes of one boot.
double monotonic_seconds();

void sleep_seconds(double seconds);

}  // namespace thane
