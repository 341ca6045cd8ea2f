// TensorFlow models → Model: SavedModels, GraphDefs, and MetaGraphs with a checkpoint beside them.
#pragma once

#include <memory>

#include "base/file.h"
#include "formats/options.h"
#include "ir/graph.h"

namespace thane {

// `file` is saved_model.pb (.pbtxt) of a SavedModel; variables and assets lie beside it.
Result<Model> read_saved_model(std::shared_ptr<const MappedFile> file, const ReadOptions& options);
// A frozen graph.
Result<Model> read_graph_def(std::shared_ptr<const MappedFile> file, const ReadOptions& options);
// A MetaGraphDef (NAME.meta); the checkpoint NAME lies beside it.
Result<Model> read_tf1_checkpoint(std::shared_ptr<const MappedFile> file, const ReadOptions& options);

}  // namespace thane
