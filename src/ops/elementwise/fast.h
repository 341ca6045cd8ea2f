// Vectorised candidates of elementwise ops on float32.
#pragma once

#include <optional>

#include "ir/kernel.h"
#include "kernels/map/map.h"

namespace thane {

// Accepts nodes for which `spec` finds a function.
using FindMap = std::optional<MapSpec> (*)(const KernelQuery& query);
std::string refuse_map(const KernelQuery& query, FindMap find);
Result<std::unique_ptr<PreparedKernel>> prepare_map(const KernelQuery& query, FindMap find);

std::string refuse_zip(const KernelQuery& query);
Result<std::unique_ptr<PreparedKernel>> prepare_zip(const KernelQuery& query, ZipOp op);

// The candidates of a row: map_kernels_of<find>, zip_kernels_of<op>.
template <FindMap kFind>
inline constexpr Kernel kMapKernel = {"map.simd", [](const KernelQuery& query) { return refuse_map(query, kFind); },
                                      [](const KernelQuery& query) { return prepare_map(query, kFind); }};
template <FindMap kFind>
inline constexpr const Kernel* kMapKernels[] = {&kMapKernel<kFind>};

template <MapOp kOp>
std::optional<MapSpec> always(const KernelQuery&) {
  return MapSpec{kOp};
}

template <ZipOp kOp>
inline constexpr Kernel kZipKernel = {"zip.simd", refuse_zip,
                                      [](const KernelQuery& query) { return prepare_zip(query, kOp); }};
template <ZipOp kOp>
inline constexpr const Kernel* kZipKernels[] = {&kZipKernel<kOp>};

}  // namespace thane
