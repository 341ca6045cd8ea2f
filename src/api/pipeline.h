// Load, optimise, plan, run: the rooms put together. What the public API, the command line and the benchmarks share.
#pragma once

#include <memory>
#include <string>

#include "engine/session.h"
#include "ir/graph.h"

namespace thane {

struct PipelineOptions {
  SessionOptions session;
  bool optimise = true;  // false: run the graph as it was imported
};

// Opens a model file of any format thane reads, judged by its content.
Result<Model> open_model(const std::string& path);

// A copy of the model's graph after the passes (or as imported), ready for a session.
Result<Graph> prepared_graph(const Model& model, const PipelineOptions& options);

Result<std::unique_ptr<Session>> make_session(const Model& model, const PipelineOptions& options);

}  // namespace thane
