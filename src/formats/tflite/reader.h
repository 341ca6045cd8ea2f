// TensorFlow Lite files.
#pragma once

#include <memory>

#include "base/file.h"
#include "formats/options.h"
#include "ir/graph.h"

namespace thane {

Result<Model> read_tflite(std::shared_ptr<const MappedFile> file, const ReadOptions& options);

}  // namespace thane
