// What every reader of models owes, whatever the bytes: an error or a graph that holds its invariants.
#pragma once

#include <cstdio>
#include <cstdlib>

#include "base/result.h"
#include "ir/graph.h"

namespace thane {

// Ends the program, with the reason, over a model that is neither. What only shapes make a program is none yet.
inline void expect_valid(const Result<Model>& model) {
  if (!model.ok() || model->specialise) return;
  if (const Status valid = verify(model->graph); !valid.ok()) {
    std::fprintf(stderr, "%s\n", valid.error().to_string().c_str());
    std::abort();
  }
}

}  // namespace thane
