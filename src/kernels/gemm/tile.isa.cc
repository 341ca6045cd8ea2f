// The matrix product of floats, a register tile at a time.
#include "kernels/gemm/tile.h"
#include "kernels/gemm/row.h"

namespace thane::THANE_ISA {
namespace {

void panel(const GemmPanel& p) noexcept {
  run_panel<FloatWord>(p, [](const GemmPanel& panel, auto v) { many_rows_of<FloatDot, v.value>(panel); });
}

}  // namespace

extern const GemmKernel kGemm;
const GemmKernel kGemm = {kMostRows[kVectors], kColumns, kLanes, panel};

}  // namespace thane::THANE_ISA
