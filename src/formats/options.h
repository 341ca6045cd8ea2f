// What a caller may ask of any format's reader.
#pragma once

#include <string>
#include <vector>

namespace thane {

struct ReadOptions {
  // Whether other files that the model file names (external weights) may be opened. They must lie in its folder.
  bool companions = true;
  // The signature or method to read; empty: the one most callers mean ("serving_default", "forward", the only one).
  std::string entry_point = {};
  // For graphs without declared outputs (frozen GraphDefs): the values to deliver, as "name" or "name:index"; empty: those
  // that nothing reads.
  std::vector<std::string> outputs = {};
};

}  // namespace thane
