#include "cli/open.h"

#include <algorithm>

#include "base/format.h"
#include "cli/options.h"
#include "cli/settings.h"
#include "cli/terminal.h"

namespace thane::cli {
namespace {

constexpr size_t kShownLeft = 20;

void add_left(Json& json, std::string_view side, const std::vector<UnboundWeight>& left) {
  json.key(side).begin_array();
  for (const UnboundWeight& weight : left)
    json.begin_object()
        .field("name", weight.name)
        .field("type", weight.type)
        .field("reason", weight.reason)
        .end_object();
  json.end_array();
}

}  // namespace

WeightsFile weights_file(const Arguments& arguments) {
  return {arguments.has(kWeights) ? arguments.text(kWeights) : "",
          {arguments.has(kWeightsPrefix) ? arguments.text(kWeightsPrefix) : "", arguments.has(kAllowIncomplete)}};
}

Result<Model> open_model(const Arguments& arguments, const std::string& path, Binding* binding) {
  Binding own;
  Binding& report = binding ? *binding : own;
  THANE_ASSIGN(Model model, thane::open_model(path, read_options(arguments), weights_file(arguments), report));
  if (arguments.has(kWeights)) note_binding(arguments, report);
  return model;
}

void note_binding(const Arguments& arguments, const Binding& binding) {
  const auto renamed = std::ranges::count_if(binding.bound, [](const BoundWeight& weight) { return !weight.exact; });
  std::string text = format("{} weights bound", binding.bound.size());
  if (renamed > 0) text += format(", {} of them by suffix", renamed);
  if (!binding.complete()) {
    text += format("; {} of the graph and {} of the checkpoint left over\n{}", binding.graph.size(),
                   binding.checkpoint.size(), binding_text(binding, kShownLeft));
    text.pop_back();
  }
  note(arguments, text);
}

void add_binding(Json& json, const Arguments& arguments, const Binding& binding) {
  json.key("binding").begin_object().field("weights", arguments.text(kWeights)).field("complete", binding.complete());
  json.key("bound").begin_array();
  for (const BoundWeight& weight : binding.bound)
    json.begin_object().field("name", weight.name).field("from", weight.from).field("exact", weight.exact).end_object();
  json.end_array();
  add_left(json, "graph_left", binding.graph);
  add_left(json, "checkpoint_left", binding.checkpoint);
  json.field("counters", binding.counters).field("constants", binding.constants).end_object();
}

}  // namespace thane::cli
