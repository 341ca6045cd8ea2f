// What a caller may ask of any format's reader.
#pragma once

namespace thane {

struct ReadOptions {
  // Whether other files that the model file names (external weights) may be opened. They must lie in its folder.
  bool companions = true;
};

}  // namespace thane
