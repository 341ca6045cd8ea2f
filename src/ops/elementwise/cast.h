// For passes that write casts.
#pragma once

#include "ir/attrs.h"

namespace thane {

// The attributes of a Cast to `dtype` by the usual rules.
AttrsPtr cast_attrs(DType dtype);

}  // namespace thane
