// What one run of a model costs, as far as shapes tell.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "api/pipeline.h"

namespace thane::cli {

struct Cost {
  double macs = 0;
  bool macs_complete = true;  // false: at least that many, since some shapes are known only while running
  std::map<std::string, double> macs_by_op;
  int64_t arena_bytes = 0, input_bytes = 0, output_bytes = 0;
  bool memory_complete = true;  // false: some values have shapes known only while running
  int64_t peak_bytes() const { return arena_bytes + input_bytes + output_bytes; }
};

// For inputs of these concrete types. Bodies of If, Loop and Scan count once.
Result<Cost> cost_of(const Model& model, const std::vector<Type>& inputs, const PipelineOptions& options);

}  // namespace thane::cli
