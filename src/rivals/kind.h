// What kind of file a model is, for choosing who can open it. A glance, not a parse: whoever opens it checks.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace thane::rivals {

// "onnx", "tflite", "saved_model" (a folder), "graphdef", "keras", "torchscript", "pt2", "ckpt", or "" for none of
// them.
Result<std::string_view> model_kind(const std::string& path);

// Bytes of a model: of the file, or of all files in its folder.
int64_t model_bytes(const std::string& path);

}  // namespace thane::rivals
