// thane inspect on files that hold tensors but no graph.
#pragma once

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/model_diff.h"
#include "formats/checkpoint/checkpoint.h"

namespace thane::cli {

// Whether `path` is a checkpoint of any kind.
Result<bool> is_checkpoint(const std::string& path);

// What `inspect` prints about it, as text or (with --json) JSON.
Result<std::string> describe_checkpoint(const Arguments& arguments);

// What differs, kind by kind: "format", "value" (epoch, hyper-parameters, …), "tensor" (dtype and shape, or how far its
// elements moved).
Result<std::vector<Change>> checkpoint_differences(const std::string& before, const std::string& after);

}  // namespace thane::cli
