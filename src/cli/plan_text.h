// A plan in text form: for `inspect --stage=plan`.
#pragma once

#include <string>

#include "engine/plan.h"

namespace thane::cli {

// One line per step: number, op, kernel, outputs with type and place (arena offset, result, view of …, dynamic); below
// it why faster kernels refused.
std::string plan_text(const Graph& graph, const Plan& plan);

}  // namespace thane::cli
