// Pictures and sound as tensors of the shape and type an input wants.
#pragma once

#include <optional>
#include <vector>

#include "api/io/picture.h"
#include "api/io/wav.h"
#include "cli/arguments.h"
#include "ir/graph.h"

namespace thane::cli {

// What an input asks for: -1 for a size left open; no dims when the rank is unknown.
struct Wanted {
  DType dtype = DType::kUndefined;
  std::optional<Dims> dims;
  InputHint hint = {};  // what the model file says about preparing pictures
};

// Layout, channels, size, scale, mean and std come from the options, else from `wanted`. Hints are for real inputs:
// integers take pixels as they are.
Result<Tensor> picture_tensor(const MappedFile& file, const Wanted& wanted, const Arguments& options);

// Cuts the sound into windows where `wanted` has a fixed length; `cut` tells how many samples were left out because the
// batch is fixed too.
struct SoundTensor {
  Tensor tensor;
  int64_t left_out = 0;
};
Result<SoundTensor> sound_tensor(const MappedFile& file, const Wanted& wanted, const Arguments& options);

}  // namespace thane::cli
