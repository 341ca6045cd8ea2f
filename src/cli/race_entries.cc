#include "cli/race_entries.h"

#include <algorithm>
#include <filesystem>

#include "base/format.h"
#include "bench/native_worker.h"
#include "cli/open.h"
#include "cli/options.h"
#include "cli/settings.h"
#include "cli/text.h"
#include "rivals/kind.h"

namespace thane::cli {
namespace {

using bench::Entry;
using bench::NamedTensor;
using rivals::Document;

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
  if (engine.rival->needs_source) {
    const std::string module = arguments.text(kModule);
    const size_t colon = module.rfind(':');
    const bool has_class = colon != std::string::npos && module.find('/', colon) == std::string::npos;
    entry.options["source"] = has_class ? module.substr(0, colon) : module;
    if (has_class) entry.options["class"] = module.substr(colon + 1);
  }
  entry.options["shapes"] = Document::array();  // for engines whose files say nothing of them
  entry.inputs = file.inputs;
  for (const NamedTensor& input : file.inputs ? *file.inputs : setup.inputs)
    entry.options["shapes"].push_back(input.tensor.dims());
  entry.launch = rivals::launch_of(engine, setup.threads, engine.rival->needs_scratch ? setup.scratch->path() : "",
                                   setup.memory_bytes);
  entry.installed_bytes = engine.bytes + rivals::model_bytes(file.path);
  return entry;
}

// The files a rival takes part with. Forms of one network: those of the kinds it owns, else those of the one kind it
// likes best. Different networks: all that it opens.
std::vector<const ModelFile*> files_for(const rivals::Rival& rival, const std::vector<ModelFile>& files, bool forms) {
  std::vector<const ModelFile*> chosen;
  const auto take = [&](std::string_view kinds) {
    for (const ModelFile& file : files)
      if (!file.kind.empty() && rivals::lists(kinds, file.kind)) chosen.push_back(&file);
  };
  if (!forms) return take(rival.formats), chosen;
  take(rival.owns);
  for (const auto kind : split(rival.formats, ' '))
    if (chosen.empty()) take(kind);
  return chosen;
}

}  // namespace

bool wants_engine(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end() || std::ranges::find(names, "all") != names.end();
}

Entry native_entry(const Arguments& arguments, const Setup& setup, const ModelFile& file, bool named) {
  Entry entry;
  const auto name = [](const std::string& path) { return std::filesystem::path(path).filename().string(); };
  entry.label = "native";
  if (!file.graph.empty())
    entry.label += format(" ({} on {})", name(file.path), name(file.graph));
  else if (named)
    entry.label += format(" ({})", name(file.path));
  entry.engine = "native";
  entry.model = file.graph.empty() ? file.path : file.graph;
  entry.kind = file.kind;
  entry.inputs = file.inputs;
  entry.threads = setup.threads;
  entry.options = read_options_document(arguments);
  if (const WeightsFile weights = weights_file(arguments); !weights.path.empty()) {
    entry.options["weights"] = weights.path;
    entry.options["weights_prefix"] = weights.options.prefix;
    entry.options["allow_incomplete"] = weights.options.allow_incomplete;
  }
  if (!file.graph.empty()) entry.options["weights"] = file.path;
  entry.options["precision_level"] = static_cast<int>(setup.pipeline.session.precision);
  entry.options["max_error"] = setup.pipeline.session.max_error;
  entry.options["isa"] = std::string(isa_name(setup.pipeline.session.isa));
  entry.options["optimise"] = setup.pipeline.optimise;
  entry.options["seed"] = setup.pipeline.session.seed;
  entry.launch = bench::native_launch(setup.memory_bytes);
  entry.installed_bytes = program_bytes() + rivals::model_bytes(file.path);
  if (!file.graph.empty()) entry.installed_bytes += rivals::model_bytes(file.graph);
  return entry;
}

Status add_rivals(const Arguments& arguments, Setup& setup, const std::vector<std::string>& names, bool forms) {
  for (const rivals::Rival& rival : rivals::all_rivals()) {
    if (!wants_engine(names, rival.name)) continue;
    const std::vector<const ModelFile*> files = files_for(rival, setup.files, forms);
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
    if (rival.needs_source && !arguments.has(kModule)) {
      setup.remarks.push_back(
          format("{} takes no part: name your file with the module's class (--module FILE[:CLASS]).", rival.title));
      continue;
    }
    for (const ModelFile* file : files) {
      for (const rivals::Variant& variant : rival.variants) {
        if (!variant.formats.empty() && !rivals::lists(variant.formats, file->kind)) continue;
        THANE_ASSIGN(Entry entry, rival_entry(arguments, setup, *file, *engine, variant,
                                              forms ? files.size() > 1 : setup.files.size() > 1));
        setup.entries.push_back(std::move(entry));
      }
    }
  }
  return ok();
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

}  // namespace thane::cli
