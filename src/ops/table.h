// All ops. The table is the only list of families; a family's own table is the only list of its ops.
#pragma once

#include <span>
#include <string_view>

#include "ir/op_def.h"

namespace thane {

// The op of that name, or null.
const OpDef* find_op(Domain domain, std::string_view name);
// Families in a fixed order, for listings and tests.
std::span<const std::span<const OpDef>> op_families();

}  // namespace thane
