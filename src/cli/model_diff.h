// What differs between two models.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"

namespace thane::cli {

struct Change {
  std::string kind;  // "input", "output", "op", "weight", "version", "metadata", "format", "producer"
  std::string name;
  std::string before;  // empty: not there
  std::string after;
};

// In that order of kinds. Weights are matched by name, and compared bit for bit.
std::vector<Change> differences(const Model& before, const Model& after);

// How often each op occurs, bodies included; "thane." and "ml." in front of ops outside ONNX's main set.
std::vector<std::pair<std::string, int64_t>> op_counts(const Graph& graph);  // most frequent first

}  // namespace thane::cli
