// torch.save before the zip (PyTorch 1.5 and older, and later with _use_new_zipfile_serialization=False): five pickles
// (a magic number, the protocol, facts about the machine, the object, the storages' keys), then the storages' bytes.
#pragma once

#include <memory>

#include "base/file.h"
#include "formats/containers/pickle.h"

namespace thane::torch {

// The object. A file that is one plain pickle without the magic number is read alike, if it has no storages.
Result<std::shared_ptr<PickleTree>> read_legacy(std::shared_ptr<const MappedFile> file);

}  // namespace thane::torch
