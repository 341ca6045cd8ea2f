// What the processor can do, and the ceiling a caller sets on what thane may use of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/isa.h"

namespace thane {

std::string_view isa_name(Isa isa);  // "portable", "neon", "avx2", "avx512", "avx512vnni", "avx512bf16"
std::optional<Isa> isa_from_name(std::string_view name);

struct CpuFacts {
  std::string model;  // brand string, or "unknown"
  Isa best = Isa::kPortable;
  bool halves_512 = false;  // executes instructions of 512 bits in two halves: those of 256 bits do as much
  int usable_cores = 1;
  int64_t l1d_bytes = 0, l2_bytes = 0, l3_bytes = 0;  // 0: unknown
};

// Read once by CPUID and the operating system, then constant.
const CpuFacts& cpu_facts();

// Of the second-level cache; half a megabyte where nobody says.
int64_t l2_cache_bytes();

}  // namespace thane
