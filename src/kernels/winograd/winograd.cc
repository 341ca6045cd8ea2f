#include "kernels/winograd/winograd.h"

#include <cassert>

#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(WinogradKernels, kWinogradOf4x4)
THANE_DECLARE_ISA(WinogradKernels, kWinogradOf2x2)
THANE_DECLARE_ISA(WinogradKernels, kWinogradOf1x4)

const WinogradKernels& winograd_kernels(Isa ceiling, WinogradForm form) {
  if (form == kWinograd2x2) return THANE_SELECT_ISA(ceiling, kWinogradOf2x2);
  if (form == kWinograd1x4) return THANE_SELECT_ISA(ceiling, kWinogradOf1x4);
  assert(form == kWinograd4x4);
  return THANE_SELECT_ISA(ceiling, kWinogradOf4x4);
}

}  // namespace thane
