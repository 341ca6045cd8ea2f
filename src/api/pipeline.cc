#include "api/pipeline.h"

#include "formats/recognise.h"
#include "passes/passes.h"

namespace thane {

Result<Model> open_model(const std::string& path) { return load_model(path, {}); }

Result<Graph> prepared_graph(const Model& model, const PipelineOptions& options) {
  Graph graph = model.graph.clone();
  if (options.optimise) THANE_TRY(optimise(graph, {.precision = options.session.precision}));
  return graph;
}

Result<std::unique_ptr<Session>> make_session(const Model& model, const PipelineOptions& options) {
  THANE_ASSIGN(Graph graph, prepared_graph(model, options));
  return Session::create(std::move(graph), options.session);
}

}  // namespace thane
