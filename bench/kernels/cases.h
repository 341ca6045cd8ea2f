// What kernel_bench measures.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/isa.h"

namespace thane {

struct KernelCase {
  std::string family, name;
  double operations =
      0;             // of one run: float32 operations (two for a multiply-add), or products of bytes counted as such
  double bytes = 0;  // read from main memory by one run; 0: its data stay in caches
  std::function<void()> run;
};

// Cases own their data; those of one family are made when they are asked for.
std::vector<KernelCase> kernel_cases(Isa isa, const std::string& family);
inline constexpr const char* kKernelFamilies[] = {"gemm", "gemv", "integer", "depthwise", "map", "rows"};

}  // namespace thane
