// Sliding windows as the schema's options state them.
#pragma once

#include "formats/tflite/op.h"

namespace thane::tflite {

struct Window {
  bool valid = false;  // no padding; else as much as gives ceil(input / stride), the odd element at the end
  Dims strides, dilations;
  int activation = 0;

  // For ops of the IR that take windows.
  AttrMap attrs(Op& op) const {
    for (const Dims* list : {&strides, &dilations}) {
      for (int64_t step : *list) op.check(step > 0, "a stride or dilation below 1");
    }
    AttrMap map;
    map["auto_pad"] = std::string(valid ? "VALID" : "SAME_UPPER");
    map["strides"] = strides;
    if (!dilations.empty()) map["dilations"] = dilations;
    map["layout"] = std::string("channels_last");
    return map;
  }
};

}  // namespace thane::tflite
