// thane inspect: what is in a model, what it costs, what differs from another.
#include <filesystem>

#include "api/pipeline.h"
#include "base/format.h"
#include "cli/commands.h"
#include "cli/cost.h"
#include "cli/input_source.h"
#include "cli/inspect_checkpoint.h"
#include "cli/manifest.h"
#include "cli/model_diff.h"
#include "cli/open.h"
#include "cli/options.h"
#include "cli/plan_text.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "ir/value.h"

namespace thane::cli {
namespace {

constexpr size_t kMostShownChanges = 40, kMostShownMetadata = 200;

struct Weights {
  int64_t tensors = 0, parameters = 0, bytes = 0;
};

Weights weights_of(const Graph& graph) {
  Weights weights;
  for_each_graph(graph, [&](const Graph& inner, int) {
    for (const ValueInfo& value : inner.values) {
      if (!value.constant) continue;
      ++weights.tensors;
      weights.parameters += value.constant->size();
      weights.bytes += (value.constant->size() * dtype_bits(value.constant->dtype()) + 7) / 8;
    }
  });
  return weights;
}

int64_t file_bytes(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<int64_t>(size);
}

class Inspection {
 public:
  explicit Inspection(const Arguments& arguments) : arguments_(arguments), path_(arguments.positional[0]) {}

  Status go() {
    THANE_ASSIGN(options_, pipeline_options(arguments_));
    THANE_ASSIGN(const bool checkpoint, is_checkpoint(path_));
    if (checkpoint) return go_checkpoint();
    THANE_ASSIGN(model_, open_model(arguments_, path_, &binding_));
    if (arguments_.positional.size() == 2) return diff();
    THANE_ASSIGN(types_, InputSource::default_types(model_.graph, arguments_));
    if (arguments_.has(kStage)) return stage(arguments_.text(kStage));
    // A program that cannot be specialised to these shapes still shows what it declares.
    if (auto imported = imported_graph(model_, types_); imported.ok())
      imported_ = std::move(*imported);
    else
      imported_ = model_.graph.clone();
    auto cost = cost_of(model_, types_, options_);
    if (cost.ok())
      cost_ = std::move(*cost);
    else
      cost_error_ = cost.error().to_string();
    arguments_.has(kJson) ? describe_as_json() : describe_as_text();
    return ok();
  }

  std::string take_text() { return std::move(text_); }

 private:
  Status stage(const std::string& name) {
    std::string text;
    if (name == "import") {
      THANE_ASSIGN(const Graph graph, imported_graph(model_, types_));
      text = to_text(graph);
    } else {
      THANE_ASSIGN(const Graph graph, prepared_graph(model_, types_, options_));
      if (name == "optimised") {
        text = to_text(graph);
      } else {
        THANE_ASSIGN(const std::unique_ptr<Plan> plan, Plan::create(graph, all_types(), options_.session, {}));
        text = plan_text(graph, *plan);
      }
    }
    if (!arguments_.has(kJson)) {
      text_ = std::move(text);
      return ok();
    }
    Json json;
    json.begin_object();
    add_manifest(json, arguments_, arguments_.positional, &options_);
    text_ = json.field("stage", name).field("text", text).end_object().text();
    return ok();
  }

  // Of the inputs, and of the states as they are at first.
  std::vector<Type> all_types() const {
    std::vector<Type> types = types_;
    for (const StateVariable& state : model_.graph.states) types.push_back(Value(state.initial).type());
    return types;
  }

  Status go_checkpoint() {
    if (arguments_.positional.size() == 2) {
      THANE_ASSIGN(const auto changes, checkpoint_differences(path_, arguments_.positional[1]));
      return show(changes);
    }
    THANE_ASSIGN(text_, describe_checkpoint(arguments_));
    return ok();
  }

  Status diff() {
    if (arguments_.has(kStage)) return invalid_argument("with two models").at("--stage").expecting("one model");
    THANE_ASSIGN(const Model other, open_model(arguments_, arguments_.positional[1]));
    return show(differences(model_, other));
  }

  Status show(const std::vector<Change>& changes) {
    if (arguments_.has(kJson)) {
      Json json;
      json.begin_object();
      add_manifest(json, arguments_, arguments_.positional, nullptr);
      json.field("identical", changes.empty()).key("changes").begin_array();
      for (const Change& change : changes) {
        json.begin_object().field("kind", change.kind).field("name", change.name);
        if (!change.before.empty()) json.field("before", change.before);
        if (!change.after.empty()) json.field("after", change.after);
        json.end_object();
      }
      text_ = json.end_array().end_object().text();
      return ok();
    }
    if (changes.empty()) text_ = "no difference in what the files hold\n";
    const size_t most = arguments_.has(kVerbose) ? changes.size() : kMostShownChanges;
    Table table;
    for (size_t i = 0; i < std::min(changes.size(), most); ++i) {
      const Change& change = changes[i];
      const char* sign = change.before.empty() ? "+" : change.after.empty() ? "-" : "~";
      const std::string what = change.before.empty()  ? change.after
                               : change.after.empty() ? change.before
                                                      : change.before + " → " + change.after;
      table.add({sign, change.kind, change.name, what});
    }
    text_ += table.to_string();
    if (changes.size() > most) text_ += format("… and {} more (all of them with -v)\n", changes.size() - most);
    return ok();
  }

  std::string assumed_shapes() const {
    std::string text;
    for (size_t i = 0; i < types_.size(); ++i) {
      const ValueInfo& info = model_.graph.values[model_.graph.inputs[i]];
      if (info.type.is_tensor() && !info.type.has_concrete_dims())
        text += (text.empty() ? "" : ", ") + info.name + " " + types_[i].to_string();
    }
    return text;
  }

  void describe_as_text() {
    std::string versions;
    for (const auto& [name, version] : model_.versions)
      versions += (versions.empty() ? "" : ", ") + name + " " + version;
    text_ += format("{}  {}\n", path_, bytes_text(file_bytes(path_)));
    text_ +=
        format("{}, {}{}\n", model_.format, versions, model_.producer.empty() ? "" : ", made by " + model_.producer);
    const Graph& graph = model_.graph;
    if (!graph.name.empty() && arguments_.has(kVerbose)) text_ += "graph " + graph.name + "\n";
    if (!model_.entry_points.empty()) add_entry_points();
    add_values("inputs", graph.inputs);
    add_values("outputs", graph.outputs);
    if (!graph.states.empty()) add_states();
    const Weights weights = weights_of(imported_);
    text_ += format("\nweights  {} parameters in {} tensors, {}\n", count_text(static_cast<double>(weights.parameters)),
                    weights.tensors, bytes_text(weights.bytes));
    add_cost();
    add_ops();
    if (!model_.metadata.empty()) add_metadata();
    if (!model_.doc.empty() && arguments_.has(kVerbose)) text_ += "\n" + model_.doc + "\n";
  }

  void add_values(std::string_view title, const std::vector<ValueId>& ids) {
    Table table;
    for (ValueId id : ids) table.add({model_.graph.values[id].name, model_.graph.values[id].type.to_string()});
    text_ += format("\n{}\n{}", title, table.to_string("  "));
  }

  void add_entry_points() {
    Table table;
    for (const EntryPoint& entry : model_.entry_points)
      table.add({entry.name == model_.entry_point ? "*" : "", entry.name, entry.summary});
    text_ += "\nentry points (* this one; another with --signature)\n" + table.to_string("  ");
  }

  void add_states() {
    Table table;
    for (const StateVariable& state : model_.graph.states)
      table.add({state.name, Value(state.initial).type().to_string()});
    text_ += "\nstate kept between runs\n" + table.to_string("  ");
  }

  void add_cost() {
    if (!cost_) {
      text_ += "cost     not known: " + cost_error_ + "\n";
      return;
    }
    const std::string shapes = assumed_shapes();
    text_ += format("cost     {}{} MACs, {}{} of memory (arena {}, inputs {}, outputs {}){}\n",
                    cost_->macs_complete ? "" : "at least ", count_text(cost_->macs),
                    cost_->memory_complete ? "" : "at least ", bytes_text(cost_->peak_bytes()),
                    bytes_text(cost_->arena_bytes), bytes_text(cost_->input_bytes), bytes_text(cost_->output_bytes),
                    shapes.empty() ? "" : ", for " + shapes);
  }

  void add_ops() {
    Table table;
    int64_t total = 0;
    for (const auto& [op, count] : op_counts(imported_)) {
      total += count;
      const auto spent = cost_ ? cost_->macs_by_op.find(op) : decltype(cost_->macs_by_op.find(op)){};
      const bool counted = cost_ && spent != cost_->macs_by_op.end();
      table.add({op, std::to_string(count), counted ? count_text(spent->second) + " MACs" : ""});
    }
    text_ += format("\nops  {}\n{}", total, table.to_string("  "));
  }

  void add_metadata() {
    Table table;
    for (const auto& [key, value] : model_.metadata) {
      const bool cut = value.size() > kMostShownMetadata && !arguments_.has(kVerbose);
      table.add({key, replaced(cut ? value.substr(0, kMostShownMetadata) + "…" : value, "\n", "\\n")});
    }
    text_ += "\nmetadata\n" + table.to_string("  ");
  }

  static void add_pairs(Json& json, std::string_view name,
                        const std::vector<std::pair<std::string, std::string>>& pairs) {
    json.key(name).begin_object();
    for (const auto& [key, value] : pairs) json.field(key, value);
    json.end_object();
  }

  void add_types(Json& json, std::string_view name, const std::vector<ValueId>& ids) {
    json.key(name).begin_array();
    for (ValueId id : ids) {
      const ValueInfo& info = model_.graph.values[id];
      json.begin_object().field("name", info.name).field("type", info.type.to_string());
      if (info.type.is_tensor()) {
        json.field("dtype", dtype_name(info.type.dtype)).key("shape");
        if (info.type.dims) {
          json.begin_array();
          for (const Dim& dim : *info.type.dims) {
            if (dim.is_number())
              json.value(dim.number());
            else if (dim.is_symbolic())
              json.value(dim.to_string());
            else
              json.null();
          }
          json.end_array();
        } else {
          json.null();
        }
      }
      json.end_object();
    }
    json.end_array();
  }

  void describe_as_json() {
    const Graph& graph = model_.graph;
    Json json;
    json.begin_object();
    add_manifest(json, arguments_, arguments_.positional, &options_);
    json.field("format", model_.format)
        .field("producer", model_.producer)
        .field("graph", graph.name)
        .field("doc", model_.doc);
    add_pairs(json, "versions", model_.versions);
    add_types(json, "inputs", graph.inputs);
    add_types(json, "outputs", graph.outputs);
    json.field("entry_point", model_.entry_point).key("entry_points").begin_array();
    for (const EntryPoint& entry : model_.entry_points)
      json.begin_object().field("name", entry.name).field("summary", entry.summary).end_object();
    json.end_array().key("states").begin_array();
    for (const StateVariable& state : graph.states)
      json.begin_object().field("name", state.name).field("type", Value(state.initial).type().to_string()).end_object();
    json.end_array();
    const Weights weights = weights_of(imported_);
    json.key("weights").begin_object().field("tensors", weights.tensors).field("parameters", weights.parameters);
    json.field("bytes", weights.bytes).end_object();
    json.key("cost");
    if (cost_) {
      json.begin_object().field("macs", cost_->macs).field("macs_complete", cost_->macs_complete);
      json.field("arena_bytes", cost_->arena_bytes).field("input_bytes", cost_->input_bytes);
      json.field("output_bytes", cost_->output_bytes).field("peak_bytes", cost_->peak_bytes());
      json.field("memory_complete", cost_->memory_complete).key("input_shapes").begin_object();
      for (size_t i = 0; i < types_.size(); ++i) {
        json.field(graph.values[graph.inputs[i]].name, types_[i].to_string());
      }
      json.end_object().end_object();
    } else {
      json.null().field("cost_error", cost_error_);
    }
    json.key("ops").begin_array();
    for (const auto& [op, count] : op_counts(imported_)) {
      json.begin_object().field("op", op).field("count", count);
      if (cost_ && cost_->macs_by_op.contains(op)) json.field("macs", cost_->macs_by_op.at(op));
      json.end_object();
    }
    json.end_array();
    add_pairs(json, "metadata", model_.metadata);
    if (arguments_.has(kWeights)) add_binding(json, arguments_, binding_);
    text_ = json.end_object().text();
  }

  const Arguments& arguments_;
  const std::string path_;
  PipelineOptions options_;
  Model model_;
  Binding binding_;
  Graph imported_;  // for the shapes of types_
  std::vector<Type> types_;
  std::optional<Cost> cost_;
  std::string cost_error_, text_;
};

}  // namespace

int inspect(const Arguments& arguments) {
  Inspection inspection(arguments);
  if (auto status = inspection.go(); !status.ok()) return report(arguments, status.error());
  print(inspection.take_text());
  return kSuccess;
}

}  // namespace thane::cli
