// Load, optimise, plan, run: the rooms put together. What the public API, the command line and the benchmarks share.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "engine/session.h"
#include "formats/options.h"
#include "ir/graph.h"

namespace thane {

struct PipelineOptions {
  SessionOptions session;
  bool optimise = true;  // false: run the graph as it was imported
};

// Opens a model file of any format thane reads, judged by its content.
Result<Model> open_model(const std::string& path, const ReadOptions& options = {});

// The graph as imported; for models that are specialised, the one for these concrete types of its visible inputs.
Result<Graph> imported_graph(const Model& model, std::span<const Type> inputs);
// The same after the passes (unless switched off), ready for a session.
Result<Graph> prepared_graph(const Model& model, std::span<const Type> inputs, const PipelineOptions& options);

// The model must outlive the session when it has `specialise`; otherwise not.
Result<std::unique_ptr<Session>> make_session(const Model& model, const PipelineOptions& options);

}  // namespace thane
