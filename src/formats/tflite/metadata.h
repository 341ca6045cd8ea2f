// What a file says about itself for people and for those who prepare its inputs.
#pragma once

#include "formats/tflite/file.h"
#include "ir/graph.h"

namespace thane::tflite {

// The "TFLITE_METADATA" buffer and the archive of files behind the flatbuffer, as far as they can be read: damaged ones
// are left out, as the model runs without them.
void add_metadata(const FileModel& file, Source& source, size_t subgraph, Model& model);

}  // namespace thane::tflite
