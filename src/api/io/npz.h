// NumPy's archives: a zip of .npy files.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "ir/tensor.h"

namespace thane {

// Name (without ".npy") and array of each member, in the archive's order. Together they may not inflate to more than 64
// MiB plus 16 times the file's size.
Result<std::vector<std::pair<std::string, Tensor>>> read_npz(std::shared_ptr<const MappedFile> file);

}  // namespace thane
