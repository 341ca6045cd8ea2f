// thane run: inputs in, outputs shown or saved.

#include "api/pipeline.h"
#include "base/clock.h"
#include "base/format.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/describe.h"
#include "cli/file_watch.h"
#include "cli/input_source.h"
#include "cli/manifest.h"
#include "cli/open.h"
#include "cli/options.h"
#include "cli/save_outputs.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/top_scores.h"

namespace thane::cli {
namespace {

constexpr int64_t kMostJsonElements = 4096;
constexpr size_t kMostShownRows = 8;
constexpr int64_t kDefaultTop = 5;

class Run {
 public:
  explicit Run(const Arguments& arguments) : arguments_(arguments) {}

  Status go() {
    THANE_ASSIGN(options_, pipeline_options(arguments_));
    if (arguments_.has(kLabels)) {
      THANE_ASSIGN(labels_, read_labels(arguments_.text(kLabels)));
    }
    if (arguments_.has(kWatch)) return watch();
    THANE_ASSIGN(const Model model, open_model(arguments_, arguments_.positional[0], &binding_));
    THANE_ASSIGN(InputSource inputs, InputSource::create(model.graph, arguments_, false));
    inputs.use(model.hints);
    if (labels_.empty()) use_labels_of(model);
    // Read before the session is made: a wrong input is told at once.
    THANE_ASSIGN(std::vector<Value> values, inputs.load(0));
    THANE_ASSIGN(const std::unique_ptr<Session> session, make_session(model, options_));
    return run_all(model, inputs, *session, std::move(values));
  }

  std::string take_text() { return std::move(text_); }

 private:
  // Those in the file, where an output has as many classes.
  void use_labels_of(const Model& model) {
    const auto classes = static_cast<int64_t>(model.labels.size());
    for (ValueId id : model.graph.outputs) {
      const Type& type = model.graph.values[id].type;
      const bool fits = type.is_tensor() && type.dims && !type.dims->empty() && type.dims->back().is_number(classes);
      if (classes > 1 && fits) labels_ = model.labels;
    }
  }

  Status run_all(const Model& model, const InputSource& inputs, const Session& session, std::vector<Value> values) {
    input_names_.clear();
    output_names_.clear();
    for (ValueId id : model.graph.inputs) input_names_.push_back(model.graph.values[id].name);
    for (ValueId id : model.graph.outputs) output_names_.push_back(model.graph.values[id].name);

    begin();
    Progress progress(arguments_, inputs.size());
    for (size_t set = 0; set < inputs.size(); ++set) {
      progress.step(inputs.label(set));
      if (set > 0) {
        THANE_ASSIGN(values, inputs.load(set));
      }
      auto outputs = session.run(values);
      if (!outputs.ok()) return located(std::move(outputs).error(), inputs.label(set));
      if (const std::string remark = session.remark(); set == 0 && !remark.empty()) note(arguments_, remark);
      THANE_TRY(finish_one(inputs, set, values, *outputs));
    }
    end();
    return ok();
  }

  // Runs, waits until the checkpoint is another one, and runs again.
  Status watch() {
    if (!arguments_.has(kWeights)) {
      return invalid_argument("nothing to watch").at("--watch").expecting("--weights FILE");
    }
    const std::string path = arguments_.text(kWeights);
    options_.session.pool = std::make_shared<ThreadPool>(options_.session.threads);
    THANE_ASSIGN(const BindableModel bindable, BindableModel::open(arguments_.positional[0], read_options(arguments_)));
    FileState seen;
    for (bool first = true;; first = false) {
      auto checkpoint = settled_weights(path, seen);
      auto status = checkpoint.ok() ? run_with(bindable, *checkpoint) : Status(std::move(checkpoint).error());
      if (!status.ok() && first) return status;
      if (!status.ok()) note(arguments_, status.error().to_string());
      print(take_text());
      flush_results();
      wait_for_change(path, seen);
    }
  }

  // The checkpoint as it is now, which is what `seen` receives. A file that changes while it is read is read again, and
  // one that is none (yet) is given half a second to become one.
  Result<Checkpoint> settled_weights(const std::string& path, FileState& seen) {
    constexpr int kPauses = 20, kPauseMilliseconds = 25;
    for (;;) {
      seen = state_of(path);
      start_ = monotonic_seconds();
      auto checkpoint = open_weights(path, true);
      bool same = state_of(path) == seen;
      if (same && checkpoint.ok()) return checkpoint;
      for (int i = 0; same && i < kPauses; ++i) {
        pause_for(kPauseMilliseconds);
        same = state_of(path) == seen;
      }
      if (same) return checkpoint;
    }
  }

  Status run_with(const BindableModel& bindable, const Checkpoint& checkpoint) {
    text_.clear();
    json_ = Json();
    THANE_ASSIGN(const Model model, bindable.bind(checkpoint, weights_file(arguments_).options, binding_));
    THANE_ASSIGN(const InputSource inputs, InputSource::create(model.graph, arguments_, false));
    THANE_ASSIGN(std::vector<Value> values, inputs.load(0));
    THANE_ASSIGN(const std::unique_ptr<Session> session, make_session(model, options_));
    THANE_TRY(run_all(model, inputs, *session, std::move(values)));
    const double spent_ms = (monotonic_seconds() - start_) * 1e3;
    note(arguments_,
         format("{} weights bound, first outputs after {} ms", binding_.bound.size(), number_text(spent_ms, 3)));
    return ok();
  }

  static Error located(Error error, const std::string& label) {
    return label.empty() ? std::move(error) : std::move(error).at(label);
  }

  std::string folder_for(const InputSource& inputs, size_t set) const {
    const std::string folder = arguments_.text(kSaveOutputs);
    return inputs.many() ? folder + "/" + inputs.label(set) : folder;
  }

  Status finish_one(const InputSource& inputs, size_t set, std::span<const Value> values,
                    std::span<const Value> outputs) {
    std::string folder;
    if (arguments_.has(kSaveOutputs)) {
      folder = folder_for(inputs, set);
      THANE_TRY(save_outputs(folder, output_names_, outputs, arguments_.text(kOutputFormat) == "pb"));
    }
    if (arguments_.has(kJson)) return add_json(inputs.label(set), folder, values, outputs);
    if (inputs.many()) text_ += (set ? "\n" : "") + inputs.label(set) + "\n";
    if (!folder.empty()) text_ += format("{} outputs saved in {}\n", outputs.size(), folder);
    const bool top = arguments_.has(kTop) || arguments_.has(kLabels);
    if (top) return add_top_text(outputs);
    if (folder.empty() || arguments_.has(kVerbose)) add_table(values, outputs);
    return ok();
  }

  void add_table(std::span<const Value> values, std::span<const Value> outputs) {
    Table table;
    add_heading(table);
    if (arguments_.has(kVerbose)) {
      for (size_t i = 0; i < values.size(); ++i) add_rows(table, input_names_[i] + " (in)", values[i]);
    }
    for (size_t i = 0; i < outputs.size(); ++i) add_rows(table, output_names_[i], outputs[i]);
    text_ += table.to_string();
  }

  // The output that holds scores: the first numeric one with as many classes as there are labels, else with more than
  // one.
  Result<size_t> scores_output(std::span<const Value> outputs) const {
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i].is_tensor() || !(mask_of(outputs[i].tensor().dtype()) & kNumeric)) continue;
      const Tensor& tensor = outputs[i].tensor();
      if (tensor.rank() == 0 || tensor.size() == 0) continue;
      const auto classes = static_cast<size_t>(tensor.dims().back());
      if (labels_.empty() ? classes > 1 : classes == labels_.size()) return i;
    }
    if (labels_.empty()) return invalid_argument("no output holds scores").at("--top").expecting("a tensor of numbers");
    std::string shapes;
    for (const Value& value : outputs) shapes += (shapes.empty() ? "" : ", ") + value.type().to_string();
    return invalid_argument(format("{} labels", labels_.size()))
        .at("--labels " + arguments_.text(kLabels))
        .expecting(format("one per class; the outputs are {}", shapes));
  }

  int64_t top() const { return arguments_.has(kTop) ? arguments_.integer(kTop) : kDefaultTop; }
  std::string label(int64_t index) const { return labels_.empty() ? "" : labels_[static_cast<size_t>(index)]; }

  Status add_top_text(std::span<const Value> outputs) {
    THANE_ASSIGN(const size_t output, scores_output(outputs));
    const auto rows = top_scores(outputs[output].tensor(), top());
    for (size_t row = 0; row < std::min(rows.size(), kMostShownRows); ++row) {
      if (rows.size() > 1) text_ += format("row {}\n", row);
      Table table;
      for (const Score& score : rows[row]) {
        table.add({std::to_string(score.index), label(score.index), number_text(score.score)});
      }
      text_ += table.to_string("  ");
    }
    if (rows.size() > kMostShownRows)
      text_ += format("… and {} rows more (all of them with --json)\n", rows.size() - kMostShownRows);
    return ok();
  }

  void begin() {
    if (!arguments_.has(kJson)) return;
    json_.begin_object();
    add_manifest(json_, arguments_, arguments_.positional, &options_);
    json_.key("runs").begin_array();
  }

  void end() {
    if (!arguments_.has(kJson)) return;
    json_.end_array();
    if (arguments_.has(kWeights)) add_binding(json_, arguments_, binding_);
    json_.end_object();
    text_ = json_.text();
  }

  Status add_json(const std::string& name, const std::string& folder, std::span<const Value> values,
                  std::span<const Value> outputs) {
    json_.begin_object();
    if (!name.empty()) json_.field("name", name);
    if (!folder.empty()) json_.field("folder", folder);
    json_.key("inputs").begin_array();
    for (size_t i = 0; i < values.size(); ++i) {
      json_.begin_object().field("name", input_names_[i]);
      add_fields(json_, values[i], 0);
      json_.end_object();
    }
    json_.end_array().key("outputs").begin_array();
    for (size_t i = 0; i < outputs.size(); ++i) {
      json_.begin_object().field("name", output_names_[i]);
      add_fields(json_, outputs[i], kMostJsonElements);
      json_.end_object();
    }
    json_.end_array();
    if (arguments_.has(kTop) || arguments_.has(kLabels)) THANE_TRY(add_top_json(outputs));
    json_.end_object();
    return ok();
  }

  Status add_top_json(std::span<const Value> outputs) {
    THANE_ASSIGN(const size_t output, scores_output(outputs));
    const bool single = outputs[output].tensor().dtype() != DType::kFloat64;  // shorter, and the same number
    json_.key("top").begin_object().field("output", output_names_[output]).key("rows").begin_array();
    for (const auto& row : top_scores(outputs[output].tensor(), top())) {
      json_.begin_array();
      for (const Score& score : row) {
        json_.begin_object().field("index", score.index);
        if (single)
          json_.field("score", static_cast<float>(score.score));
        else
          json_.field("score", score.score);
        if (!labels_.empty()) json_.field("label", label(score.index));
        json_.end_object();
      }
      json_.end_array();
    }
    json_.end_array().end_object();
    return ok();
  }

  const Arguments& arguments_;
  PipelineOptions options_;
  Binding binding_;
  double start_ = 0;  // of reading the weights
  std::vector<std::string> labels_, input_names_, output_names_;
  Json json_;
  std::string text_;
};

}  // namespace

int run(const Arguments& arguments) {
  Run run(arguments);
  if (auto status = run.go(); !status.ok()) {
    if (!arguments.has(kJson)) print(run.take_text());  // what earlier files of a folder gave
    return report(arguments, status.error());
  }
  print(run.take_text());
  return kSuccess;
}

}  // namespace thane::cli
