// Reads torch.export's archives (.pt2).
#pragma once

#include <memory>

#include "base/file.h"
#include "formats/options.h"
#include "ir/graph.h"

namespace thane {

// options.entry_point names one of the archive's programs; usually there is one, "model".
Result<Model> read_torch_export(std::shared_ptr<const MappedFile> file, const ReadOptions& options);

}  // namespace thane
