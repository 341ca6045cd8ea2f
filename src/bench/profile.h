// Where a run of the native engine spends its time: per node and per kind of op, with the share of what the processor
// could do at best, measured in the same run.
#pragma once

#include <string>
#include <vector>

#include "api/pipeline.h"
#include "rivals/document.h"

namespace thane::bench {

struct NodeProfile {
  std::string node, op, kernel;
  std::vector<std::string> refusals;  // faster kernels, and why they refused
  double seconds = 0;                 // median over the runs
  double flops = 0;                   // two for a multiply-accumulate; 0: not counted in them
  double bytes = 0;                   // read and written, each tensor once
  int depth_order = 0;                // position in the run
};

struct Profile {
  double total_seconds = 0;              // median of whole runs
  double peak_flops = 0, bandwidth = 0;  // measured
  int runs = 0, threads = 0;
  std::vector<NodeProfile> nodes;  // in the order in which they run
  rivals::Document trace;          // of the last run, for chrome://tracing and Perfetto
};

// Runs for about `seconds`, after a warm-up.
Result<Profile> profile_model(const Model& model, const std::vector<Value>& inputs, const PipelineOptions& options,
                              double seconds);

rivals::Document profile_document(const Profile& profile);
// As tables: kinds of op, then the `most` slowest nodes.
std::string profile_text(const Profile& profile, size_t most, bool refusals);

}  // namespace thane::bench
