// Precision::kAuto: the fastest precision whose results stay within a stated error of float32's.
#pragma once

#include <memory>

#include "api/pipeline.h"

namespace thane {

// The first run decides, on its own inputs: they are run at fp32 and at bf16, in turns. bf16 is kept where every output
// of floats lies within options.session.max_error of fp32's (the largest difference, in parts of the output's largest
// magnitude), all others are equal, and it is faster by more than what timing is worth; otherwise fp32 is. The other
// session is let go. Until then graph() is that of fp32. As time decides, so may two processes differ.
Result<std::unique_ptr<Session>> make_auto_precision_session(const Model& model, const PipelineOptions& options);

}  // namespace thane
