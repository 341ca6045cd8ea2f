// What kernels have in common that need nothing but the instruction set's functions.
#pragma once

#include <memory>
#include <string>

#include "ir/kernel.h"
#include "kernels/quantize/quantize.h"

namespace thane {

inline std::string refuse_nothing(const KernelQuery&) { return {}; }

// T: a PreparedKernel made of QuantizeKernels.
template <class T>
Result<std::unique_ptr<PreparedKernel>> prepare_plain(const KernelQuery& query) {
  return std::unique_ptr<PreparedKernel>(new T(quantize_kernels(query.isa)));
}

}  // namespace thane
