// Graph → Graph rewrites. The list in passes.cc is the order in which they run.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "ir/graph.h"
#include "ir/kernel.h"

namespace thane {

struct PassOptions {
  Precision precision = Precision::kFp32;
  bool verify_each = false;  // check every invariant after each pass (always on in builds with THANE_CHECKS)
};

// One rewrite. Results stay the same up to rounding; names and order of graph inputs and outputs never change.
struct Pass {
  std::string_view name;
  std::string_view purpose;                                 // one line, for `inspect` and the docs
  Status (*run)(Graph& graph, const PassOptions& options);  // one graph; nested ones are visited by the driver
};

std::span<const Pass> all_passes();

// Runs every pass over `graph` and the graphs nested in it.
Status optimise(Graph& graph, const PassOptions& options);

}  // namespace thane
