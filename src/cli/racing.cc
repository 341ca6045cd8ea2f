#include "cli/racing.h"

#include <algorithm>
#include <cmath>

#include "api/io/npy.h"
#include "base/file.h"
#include "base/format.h"
#include "bench/float64.h"
#include "bench/machine.h"
#include "cli/open.h"
#include "cli/options.h"
#include "cli/race_entries.h"
#include "cli/race_inputs.h"
#include "cli/settings.h"
#include "cli/text.h"
#include "rivals/kind.h"

namespace thane::cli {
namespace {

using bench::Entry;
using bench::NamedTensor;

Result<std::vector<std::string>> wanted_engines(const Arguments& arguments, bool forms) {
  std::vector<std::string> names;
  for (const std::string& list : arguments.all(kEngine)) {
    for (const auto name : split(list, ',')) {
      if (name != "native" && name != "all" && !rivals::find_rival(name)) {
        std::string known = "native, all";
        for (const rivals::Rival& rival : rivals::all_rivals()) known += ", " + std::string(rival.name);
        return invalid_argument(format("'{}'", name)).at("--engine").expecting(known);
      }
      names.emplace_back(name);
    }
  }
  if (names.empty()) names = {forms ? "all" : "native"};
  return names;
}

// A checkpoint has no graph: it takes part on that of the first form whose weights are named like its own.
void bind_checkpoints(const Arguments& arguments, std::vector<ModelFile>& files) {
  for (ModelFile& file : files) {
    if (file.model || file.kind != "ckpt") continue;
    for (const ModelFile& form : files) {
      if (!form.model || !form.graph.empty()) continue;
      Binding binding;
      auto bound = open_model(form.path, read_options(arguments), {file.path, {}}, binding);
      if (!bound.ok()) continue;
      file.model = std::make_unique<Model>(std::move(*bound));
      file.graph = form.path;
      break;
    }
    if (!file.model) file.refusal = "a checkpoint has no graph, and its names fit no other file's weights";
  }
}

}  // namespace

Result<Setup> prepare(const Arguments& arguments, bool forms) {
  Setup setup;
  setup.home = data_folder(arguments);
  setup.scratch = std::make_unique<Scratch>(setup.home);
  setup.installed = rivals::installed_engines(setup.home);
  THANE_ASSIGN(setup.pipeline, pipeline_options(arguments));
  setup.threads = setup.pipeline.session.threads > 0 ? setup.pipeline.session.threads : usable_cores();
  setup.memory_bytes = arguments.has(kMemoryLimit)
                           ? static_cast<int64_t>(arguments.real(kMemoryLimit) * (1 << 30))
                           : static_cast<int64_t>(0.8 * static_cast<double>(bench::read_machine().available_bytes));
  setup.race.scenario = *bench::scenario_from_name(arguments.has(kScenario) ? arguments.text(kScenario) : "single");
  setup.race.processes = static_cast<int>(std::clamp<int64_t>(arguments.integer(kProcesses), 1, 50));
  setup.race.warmup =
      arguments.has(kWarmup) ? static_cast<int>(std::min<int64_t>(arguments.integer(kWarmup), 1'000'000)) : -1;
  setup.race.runs = arguments.has(kRuns) ? std::min<int64_t>(arguments.integer(kRuns), 1'000'000) : 0;
  setup.race.bound_seconds = arguments.has(kBound) ? arguments.real(kBound) / 1e3 : 0;
  setup.race.seed = static_cast<uint64_t>(arguments.integer(kSeed)) + 1;
  setup.race.limits.open_seconds = setup.race.limits.run_seconds = std::max(1.0, arguments.real(kTimeout));
  const int64_t streams = arguments.has(kStreams) ? arguments.integer(kStreams) : 0;
  setup.race.streams = static_cast<int>(std::clamp<int64_t>(streams ? streams : setup.threads, 1, 256));
  setup.gate.tolerance = {arguments.real(kGateAtol), arguments.real(kGateRtol)};
  if (arguments.has(kMaxDrop)) setup.gate.max_drop = arguments.real(kMaxDrop);
  if (arguments.has(kAnswers)) {
    THANE_ASSIGN(const auto file, MappedFile::open(arguments.text(kAnswers)));
    THANE_ASSIGN(const Tensor labels, read_npy(file));
    for (int64_t i = 0; i < labels.size(); ++i) setup.gate.labels.push_back(labels.as_int64(i));
  }
  THANE_ASSIGN(const std::vector<std::string> names, wanted_engines(arguments, forms));
  for (const std::string& path : arguments.positional) {
    ModelFile file{path, "", nullptr, ""};
    THANE_ASSIGN(file.kind, rivals::model_kind(path));
    auto model = open_model(arguments, path);
    if (model.ok() && !model->graph.outputs.empty())
      file.model = std::make_unique<Model>(std::move(*model));
    else
      file.refusal = model.ok() ? "it has no outputs" : model.error().to_string();
    setup.files.push_back(std::move(file));
  }
  if (forms && !arguments.has(kWeights)) bind_checkpoints(arguments, setup.files);
  // The form that says most about its inputs: of those with the most, the first.
  for (const ModelFile& file : setup.files) {
    const auto inputs = [](const ModelFile& f) { return f.model->graph.inputs.size(); };
    if (file.model && file.graph.empty() && (!setup.base || (forms && inputs(file) > inputs(*setup.base))))
      setup.base = &file;
  }
  if (setup.base) {
    THANE_ASSIGN(setup.inputs, make_inputs(arguments, setup, arguments.integer(kBatch)));
    if (forms) THANE_TRY(give_forms_inputs(arguments, setup));
  }
  if (wants_engine(names, "native")) {
    for (const ModelFile& file : setup.files) {
      if (!file.model) {
        if (names.size() == 1 && names[0] == "native") return invalid_model(file.refusal);
        setup.remarks.push_back(format("native does not take part with {}: {}", file.path, file.refusal));
        continue;
      }
      setup.entries.push_back(native_entry(arguments, setup, file, setup.files.size() > 1));
    }
  }
  if (!arguments.has(kWeights)) {
    THANE_TRY(add_rivals(arguments, setup, names, forms));
  } else if (names.size() > 1 || !wants_engine(names, "native")) {
    setup.remarks.push_back("rivals do not take part: they would run the files' own weights, not those of --weights");
  }
  if (setup.inputs.empty() && !setup.base) {
    THANE_ASSIGN(setup.inputs, make_inputs(arguments, setup, arguments.integer(kBatch)));
  }
  if (!forms && setup.files.size() > 1) THANE_TRY(give_own_inputs(arguments, setup));
  return setup;
}

Status find_reference(Setup& setup) {
  for (const ModelFile& file : setup.files) {
    for (const Entry& entry : setup.entries) {
      const rivals::Rival* rival = rivals::find_rival(entry.engine);
      if (!rival || entry.model != file.path || !entry.variant.empty() || !rivals::lists(rival->owns, file.kind))
        continue;
      auto reference =
          bench::reference_from(entry, setup.inputs, setup.race.limits, format("owns {} files", file.kind));
      if (!reference.ok()) {
        setup.remarks.push_back(format("{} gave no reference: {}", entry.label, reference.error().to_string()));
        continue;
      }
      setup.reference = std::move(*reference);
      return ok();
    }
  }
  if (!setup.base) return ok();
  std::vector<Type> types;
  for (const NamedTensor& input : setup.inputs) types.push_back(Value(input.tensor).type());
  const std::string why = "the framework that owns the file takes no part, or did not run";
  if (auto graph = imported_graph(*setup.base->model, types); graph.ok()) {
    if (auto exact = bench::evaluated_in_float64(*graph, setup.inputs); exact.ok()) {
      setup.reference = bench::Reference{"thane, float64", why, std::move(*exact), setup.inputs};
      return ok();
    }
  }
  // Ops without a float64 form: the reference implementations in the model's own dtypes.
  PipelineOptions options;
  options.session.precision = Precision::kExact;
  options.session.isa = Isa::kPortable;
  options.optimise = false;
  THANE_ASSIGN(const std::unique_ptr<Session> session, make_session(*setup.base->model, options));
  std::vector<Value> values;
  for (const NamedTensor& input : setup.inputs) values.push_back(Value(input.tensor));
  THANE_ASSIGN(const std::vector<Value> outputs, session->run(values));
  bench::Reference reference{"thane, exact", why, {}, setup.inputs};
  const Graph& graph = setup.base->model->graph;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].is_tensor() && outputs[i].tensor().dtype() != DType::kString)
      reference.outputs.push_back({graph.values[graph.outputs[i]].name, outputs[i].tensor()});
  }
  setup.reference = std::move(reference);
  return ok();
}

}  // namespace thane::cli
