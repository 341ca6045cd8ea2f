// safetensors: an 8-byte length, a JSON header (name → dtype, shape, offsets), raw little-endian data.
#pragma once

#include <memory>
#include <string_view>

#include "formats/checkpoint/checkpoint.h"

namespace thane {

// Whether the bytes look like it: a plausible length and an opening brace.
bool is_safetensors(std::string_view bytes);

// Strict, as the format demands: a header of at most 100 MB, no name twice, every tensor's bytes exactly what dtype and
// shape need, and all of them together exactly the data: no overlap, no hole, nothing behind.
Result<Checkpoint> read_safetensors(std::shared_ptr<const MappedFile> file);

}  // namespace thane
