// The tables behind unicode.h.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace thane {

// Every step-th code point from first to last maps to itself plus delta.
struct CaseRun {
  uint32_t first, last;
  uint8_t step;
  int32_t delta;
};

// A code point that maps to several, padded with zeros.
struct FullCase {
  uint32_t code;
  uint16_t mapped[3];
};

// Ordered by code point.
std::span<const FullCase> full_lower_cases();
std::span<const FullCase> full_upper_cases();
std::span<const CaseRun> lower_case_runs();
std::span<const CaseRun> upper_case_runs();
// Two-letter general categories; their places in this list are their numbers.
std::span<const std::string_view> category_names();
// First code point of each run, shifted left by 5, with the number of its category.
std::span<const uint32_t> category_runs();

}  // namespace thane
