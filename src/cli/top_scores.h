// The largest scores of a classifier's output.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "ir/tensor.h"

namespace thane::cli {

struct Score {
  int64_t index;
  double score;
};

// The `k` largest numbers of each row along the last axis, largest first; of equals the lower index first. NaN counts
// as the smallest.
std::vector<std::vector<Score>> top_scores(const Tensor& tensor, int64_t k);

// Lines of a file; a trailing line break adds none.
Result<std::vector<std::string>> read_labels(const std::string& path);

}  // namespace thane::cli
