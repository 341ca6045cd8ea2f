#include "kernels/map/map.h"

#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(MapKernels, kMaps)

const MapKernels& map_kernels(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kMaps); }

}  // namespace thane
