#include "cli/racing.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "api/generate.h"
#include "api/io/npy.h"
#include "api/io/write_file.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/format.h"
#include "base/sha256.h"
#include "bench/float64.h"
#include "bench/machine.h"
#include "bench/native_worker.h"
#include "bench/records.h"
#include "bench/report.h"
#include "bench/result.h"
#include "cli/input_source.h"
#include "cli/open.h"
#include "cli/options.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/version.h"
#include "rivals/kind.h"

namespace thane::cli {
namespace {

using bench::Entry;
using bench::NamedTensor;
using rivals::Document;

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

bool wants(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end() || std::ranges::find(names, "all") != names.end();
}

int64_t program_bytes() {
  std::error_code error;
  const auto size = std::filesystem::file_size("/proc/self/exe", error);
  return error ? 0 : static_cast<int64_t>(size);
}

Document read_options_document(const Arguments& arguments) {
  const ReadOptions read = read_options(arguments);
  Document out = Document::object();
  if (!read.entry_point.empty()) out["signature"] = read.entry_point;
  if (!read.outputs.empty()) out["outputs"] = read.outputs;
  return out;
}

Entry native_entry(const Arguments& arguments, const Setup& setup, const ModelFile& file, bool named) {
  Entry entry;
  entry.label = named ? format("native ({})", std::filesystem::path(file.path).filename().string()) : "native";
  entry.engine = "native";
  entry.model = file.path;
  entry.kind = file.kind;
  entry.threads = setup.threads;
  entry.options = read_options_document(arguments);
  if (const WeightsFile weights = weights_file(arguments); !weights.path.empty()) {
    entry.options["weights"] = weights.path;
    entry.options["weights_prefix"] = weights.options.prefix;
    entry.options["allow_incomplete"] = weights.options.allow_incomplete;
  }
  entry.options["precision_level"] = static_cast<int>(setup.pipeline.session.precision);
  entry.options["isa"] = std::string(isa_name(setup.pipeline.session.isa));
  entry.options["optimise"] = setup.pipeline.optimise;
  entry.options["seed"] = setup.pipeline.session.seed;
  entry.launch = bench::native_launch(setup.memory_bytes);
  entry.installed_bytes = program_bytes() + rivals::model_bytes(file.path);
  return entry;
}

Result<Entry> rival_entry(const Arguments& arguments, const Setup& setup, const ModelFile& file,
                          const rivals::Installed& engine, const rivals::Variant& variant, bool named) {
  Entry entry;
  entry.engine = engine.rival->name;
  entry.variant = variant.name;
  entry.label = entry.engine + (variant.name.empty() ? "" : " " + std::string(variant.name));
  if (named) entry.label += format(" ({})", std::filesystem::path(file.path).filename().string());
  entry.model = file.path;
  entry.kind = file.kind;
  entry.threads = setup.threads;
  THANE_ASSIGN(entry.options, rivals::parse_document(variant.options));
  entry.options.update(read_options_document(arguments));
  if (setup.pipeline.session.precision == Precision::kBf16) entry.options["precision"] = "bf16";
  if (!setup.scratch->path().empty()) entry.options["scratch"] = setup.scratch->path();
  if (engine.rival->name == "lightning") {
    const std::string module = arguments.text(kModule);
    const size_t colon = module.rfind(':');
    const bool has_class = colon != std::string::npos && module.find('/', colon) == std::string::npos;
    entry.options["source"] = has_class ? module.substr(0, colon) : module;
    if (has_class) entry.options["class"] = module.substr(colon + 1);
  }
  if (engine.rival->name == "ncnn") {
    entry.options["shapes"] = Document::array();
    for (const NamedTensor& input : setup.inputs) entry.options["shapes"].push_back(input.tensor.dims());
  }
  entry.launch = rivals::launch_of(engine, setup.threads, engine.rival->needs_scratch ? setup.scratch->path() : "",
                                   setup.memory_bytes);
  entry.installed_bytes = engine.bytes + rivals::model_bytes(file.path);
  return entry;
}

// The file of `files` that the rival opens and likes best; null when it opens none.
const ModelFile* favourite(const rivals::Rival& rival, const std::vector<ModelFile>& files) {
  for (const auto kind : split(rival.formats, ' ')) {
    const auto found = std::ranges::find_if(files, [&](const ModelFile& file) { return file.kind == kind; });
    if (found != files.end()) return &*found;
  }
  return nullptr;
}

Status add_rivals(const Arguments& arguments, Setup& setup, const std::vector<std::string>& names, bool forms) {
  for (const rivals::Rival& rival : rivals::all_rivals()) {
    if (!wants(names, rival.name)) continue;
    std::vector<const ModelFile*> files;
    if (forms) {
      if (const ModelFile* file = favourite(rival, setup.files)) files.push_back(file);
    } else {
      for (const ModelFile& file : setup.files)
        if (rivals::lists(rival.formats, file.kind)) files.push_back(&file);
    }
    const auto engine = std::ranges::find(setup.installed, &rival, &rivals::Installed::rival);
    const bool asked = std::ranges::find(names, rival.name) != names.end();
    if (files.empty()) {
      if (asked)
        setup.remarks.push_back(format("{} opens none of the files (it takes {}).", rival.title, rival.formats));
      continue;
    }
    if (engine == setup.installed.end()) {
      setup.missing.emplace_back(rival.name);
      if (asked) {
        return invalid_argument("not installed")
            .at(std::string(rival.name))
            .hinting(format("thane engines add {}", rival.name));
      }
      continue;
    }
    if (rival.name == "lightning" && !arguments.has(kModule)) {
      setup.remarks.emplace_back(
          "Lightning takes no part: name your file with the LightningModule (--module FILE[:CLASS]).");
      continue;
    }
    for (const ModelFile* file : files) {
      for (const rivals::Variant& variant : rival.variants) {
        if (!variant.formats.empty() && !rivals::lists(variant.formats, file->kind)) continue;
        THANE_ASSIGN(Entry entry,
                     rival_entry(arguments, setup, *file, *engine, variant, !forms && setup.files.size() > 1));
        setup.entries.push_back(std::move(entry));
      }
    }
  }
  return ok();
}

// For files thane does not read: what an engine that does says it takes, made up.
Result<std::vector<NamedTensor>> made_up(const Document& wanted, int64_t batch, uint64_t seed) {
  std::vector<NamedTensor> values;
  RandomSource random{seed};
  for (const Document& item : wanted) {
    const std::string name = rivals::text(item, "name"), kind = rivals::text(item, "dtype");
    const auto dtype = kind == "any" ? DType::kFloat32 : dtype_from_name(kind).value_or(DType::kUndefined);
    const Document& shape = rivals::member(item, "shape");
    if (dtype == DType::kUndefined || !shape.is_array()) {
      return invalid_argument(format("nothing says what shape or dtype '{}' has", name))
          .at("inputs")
          .hinting("name a form of the model that does as well, such as .onnx or .tflite");
    }
    Dims dims;
    for (const Document& size : shape)
      dims.push_back(size.is_number_integer() ? size.get<int64_t>() : dims.empty() ? std::max<int64_t>(batch, 1) : 1);
    THANE_ASSIGN(Tensor tensor, random_tensor(dtype, dims, std::nullopt, random));
    values.push_back({name, std::move(tensor)});
  }
  return values;
}

}  // namespace

static Result<std::vector<NamedTensor>> inputs_for(const Model& model, const Arguments& arguments, int64_t batch);

Result<std::vector<NamedTensor>> make_inputs(const Arguments& arguments, const Setup& setup, int64_t batch) {
  if (!setup.base) {
    const Document* wanted = nullptr;
    std::string problem = "no engine that opens them is installed";
    for (const Entry& entry : setup.entries) {
      auto one = bench::Contestant::open(entry, setup.race.limits, false);
      if (!one.ok()) {
        problem = one.error().to_string();
        continue;
      }
      wanted = &(*one)->inputs();
      return made_up(*wanted, batch, static_cast<uint64_t>(arguments.integer(kSeed)));
    }
    return invalid_argument(problem).at("inputs");
  }
  return inputs_for(*setup.base->model, arguments, batch);
}

static Result<std::vector<NamedTensor>> inputs_for(const Model& model, const Arguments& arguments, int64_t batch) {
  const Graph& graph = model.graph;
  Arguments with = arguments;
  if (batch > 0) {
    for (ValueId id : graph.inputs) {
      const Type& type = graph.values[id].type;
      if (!type.is_tensor() || !type.dims || type.dims->empty() || !(*type.dims)[0].is_symbolic()) continue;
      const std::string symbol = format("{}={}", (*type.dims)[0].to_string(), batch);
      const auto given = with.all(kShape);
      if (std::ranges::find(given, symbol) == given.end()) with.add(kShape, symbol);
    }
  }
  THANE_ASSIGN(const InputSource source, InputSource::create(graph, with, true));
  THANE_ASSIGN(const std::vector<Value> values, source.load(0));
  std::vector<NamedTensor> inputs;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i].is_tensor()) return unsupported("inputs that are no tensors cannot be raced");
    inputs.push_back({graph.values[graph.inputs[i]].name, values[i].tensor()});
  }
  return inputs;
}

Entry with_threads(const Setup& setup, const Entry& entry, int threads) {
  Entry other = entry;
  other.threads = threads;
  if (entry.engine != "native") {
    const auto engine =
        std::ranges::find_if(setup.installed, [&](const auto& e) { return e.rival->name == entry.engine; });
    if (engine != setup.installed.end())
      other.launch = rivals::launch_of(*engine, threads, engine->rival->needs_scratch ? setup.scratch->path() : "",
                                       setup.memory_bytes);
  }
  return other;
}

// Different models, side by side: each gets inputs of its own.
static Status give_own_inputs(const Arguments& arguments, Setup& setup) {
  for (const ModelFile& file : setup.files) {
    if (!file.model) continue;
    THANE_ASSIGN(auto inputs, inputs_for(*file.model, arguments, arguments.integer(kBatch)));
    const auto shared = std::make_shared<const std::vector<NamedTensor>>(std::move(inputs));
    for (Entry& entry : setup.entries)
      if (entry.model == file.path) entry.inputs = shared;
  }
  return ok();
}

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
  const auto readable = std::ranges::find_if(setup.files, [](const ModelFile& file) { return file.model != nullptr; });
  if (readable != setup.files.end()) {
    setup.base = &*readable;
    THANE_ASSIGN(setup.inputs, make_inputs(arguments, setup, arguments.integer(kBatch)));
  }
  if (wants(names, "native")) {
    for (const ModelFile& file : setup.files) {
      if (!file.model) {
        if (names.size() == 1 && names[0] == "native") return invalid_model(file.refusal);
        setup.remarks.push_back(format("native does not take part with {}: {}", file.path, file.refusal));
        continue;
      }
      if (forms && !setup.entries.empty()) continue;
      setup.entries.push_back(native_entry(arguments, setup, file, !forms && setup.files.size() > 1));
    }
  }
  if (!arguments.has(kWeights)) {
    THANE_TRY(add_rivals(arguments, setup, names, forms));
  } else if (names.size() > 1 || !wants(names, "native")) {
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
  const std::string why = "the framework that owns the file is not installed, or did not run";
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

Document race_manifest(const Arguments& arguments, const Setup& setup) {
  Document out = {{"thane", std::string(kVersion)}, {"command", arguments.command_line}, {"words", arguments.words}};
  std::error_code error;
  out["folder"] = std::filesystem::current_path(error).string();
  out["machine"] = bench::machine_document();
  out["threads"] = setup.threads;
  out["precision"] = std::string(precision_name(setup.pipeline.session.precision));
  out["seed"] = setup.pipeline.session.seed;
  out["models"] = Document::array();
  for (const ModelFile& file : setup.files) {
    Document model = {{"path", file.path}, {"kind", file.kind}, {"bytes", rivals::model_bytes(file.path)}};
    if (auto mapped = MappedFile::open(file.path); mapped.ok()) model["sha256"] = sha256_hex((*mapped)->bytes());
    out["models"].push_back(std::move(model));
  }
  out["inputs"] = Document::array();
  for (const NamedTensor& input : setup.inputs) {
    out["inputs"].push_back({{"name", input.name},
                             {"dtype", std::string(dtype_name(input.tensor.dtype()))},
                             {"shape", input.tensor.dims()}});
  }
  return out;
}

bench::RaceView live_view(const Arguments& arguments, double expected_seconds) {
  bench::RaceView view;
  if (arguments.has(kQuiet) || !::isatty(STDERR_FILENO)) return view;
  const double start = monotonic_seconds();
  view.update = [=](const std::string& doing, double done, const std::vector<bench::Standing>& standings) {
    std::vector<std::pair<double, std::string>> order;
    for (const bench::Standing& s : standings) {
      if (s.counts() && !s.entry.label.ends_with("(twin)"))
        order.emplace_back(bench::median(s.samples()), s.entry.label);
    }
    std::ranges::sort(order);
    std::string line = format("\r[{:3.0f}%] ", done * 100);
    const double left = done > 0.05 ? (monotonic_seconds() - start) * (1 - done) / done : expected_seconds;
    line += format("{:.0f} s left · {}", left, doing);
    for (size_t i = 0; i < order.size() && i < 3; ++i)
      line += format("{} {} {:.3g} ms", i ? "," : " ·", order[i].second, order[i].first * 1e3);
    line = line.substr(0, 110) + "\x1b[K";
    (void)!::write(STDERR_FILENO, line.data(), line.size());
  };
  return view;
}

void close_live_view(const Arguments& arguments) {
  if (!arguments.has(kQuiet) && ::isatty(STDERR_FILENO)) (void)!::write(STDERR_FILENO, "\r\x1b[K", 4);
}

Status deliver(const Arguments& arguments, Setup& setup, Document& result) {
  for (Document& standing : result["standings"]) {
    const auto engine = std::ranges::find_if(
        setup.installed, [&](const auto& e) { return e.rival->name == rivals::text(standing, "engine"); });
    if (engine != setup.installed.end()) standing["engine_version"] = engine->version;
  }
  result["remarks"] = setup.remarks;
  if (!arguments.has(kNoRecord)) {
    auto records = bench::Records::open(setup.home);
    Status kept = records.ok() ? (*records)->add(result) : Status(std::move(records).error());
    if (!kept.ok()) note(arguments, "the result could not be recorded: " + kept.error().to_string());
  }
  if (arguments.has(kHtml)) THANE_TRY(write_file(arguments.text(kHtml), bench::html_report(result)));
  if (arguments.has(kJson))
    print(rivals::to_text(result, 2) + "\n");
  else
    print(arguments.has(kMarkdown) ? bench::markdown_of(result) : bench::text_of(result));
  if (arguments.has(kHtml)) note(arguments, "report: " + arguments.text(kHtml));
  return ok();
}

}  // namespace thane::cli
