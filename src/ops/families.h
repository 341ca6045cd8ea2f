// One function per family folder, each returning its constexpr table. Only table.cc includes this.
#pragma once

#include <span>

#include "ir/op_def.h"

namespace thane {

std::span<const OpDef> movement_ops();

}  // namespace thane
