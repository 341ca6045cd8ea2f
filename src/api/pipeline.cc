#include "api/pipeline.h"

#include "api/auto_precision.h"
#include "api/specialising_session.h"
#include "base/format.h"
#include "formats/recognise.h"
#include "ir/context.h"
#include "passes/passes.h"

namespace thane {

Result<Model> open_model(const std::string& path, const ReadOptions& options) {
  THANE_ASSIGN(Model model, load_model(path, options));
  // Readers of formats that have entry points refuse unknown ones themselves.
  if (!options.entry_point.empty() && model.entry_points.empty()) {
    return invalid_argument(format("entry point '{}'", options.entry_point))
        .at(path)
        .expecting("no name: the file has one entry point only");
  }
  return model;
}

Result<Graph> imported_graph(const Model& model, std::span<const Type> inputs) {
  if (!model.specialise) return model.graph.clone();
  std::vector<Fact> facts;
  for (const Type& type : inputs) facts.push_back({type, std::nullopt, std::nullopt});
  for (const StateVariable& state : model.graph.states) facts.push_back({Value(state.initial).type(), {}, {}});
  return model.specialise(facts);
}

Result<Graph> prepared_graph(const Model& model, std::span<const Type> inputs, const PipelineOptions& options) {
  THANE_ASSIGN(Graph graph, imported_graph(model, inputs));
  if (options.optimise) THANE_TRY(optimise(graph, {.precision = options.session.precision}));
  return graph;
}

Result<std::unique_ptr<Session>> make_session(const Model& model, const PipelineOptions& options) {
  if (options.session.precision == Precision::kAuto) return make_auto_precision_session(model, options);
  if (model.specialise) return make_specialising_session(model, options);
  THANE_ASSIGN(Graph graph, prepared_graph(model, {}, options));
  return Session::create(std::move(graph), options.session);
}

}  // namespace thane
