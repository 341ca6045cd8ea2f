// TorchScript archives (torch.jit.save): scripted, traced, frozen and optimised modules.
#pragma once

#include <memory>

#include "base/file.h"
#include "formats/options.h"
#include "ir/graph.h"

namespace thane {

// The model's graph has inputs, outputs, states and weights; the nodes come with the inputs' types (Model::specialise).
// options.entry_point: the method, "forward" if empty.
Result<Model> read_torchscript(std::shared_ptr<const MappedFile> file, const ReadOptions& options);

}  // namespace thane
