// What a caller may ask of any format's reader.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/tensor.h"

namespace thane {

struct ReadOptions {
  // Whether other files that the model file names (external weights) may be opened. They must lie in its folder.
  bool companions = true;
  // The signature or method to read; empty: the one most callers mean ("serving_default", "forward", the only one).
  std::string entry_point = {};
  // For graphs without declared outputs (frozen GraphDefs): the values to deliver, as "name" or "name:index"; empty:
  // those that nothing reads.
  std::vector<std::string> outputs = {};
  // Asked for every weight, by the name the file gives it (ONNX: of the initializer or Constant output; TorchScript and
  // .pt2: the parameter's or buffer's qualified name, "conv1.weight"), before anything is folded; what it returns
  // stands in, and must be of the same dtype and shape. While reading, every weight is asked for once; graphs
  // specialised later may ask again, from any thread. Empty: the file's own weights.
  std::function<Result<Tensor>(std::string_view name, const Tensor& own)> weight = {};
};

}  // namespace thane
