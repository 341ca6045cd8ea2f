// champion: whether the files are forms of one network, and where each of them runs.
#include <algorithm>
#include <filesystem>

#include "base/cpu.h"
#include "base/format.h"
#include "cli/championship.h"
#include "cli/race_entries.h"

namespace thane::cli {
namespace {

using bench::Candidate;
using bench::Entry;
using rivals::Document;

// Empty when the engine runs the file and its outputs pass the gate.
std::string problem_of(const Championship& c, const Entry& entry) {
  const auto ran = bench::reference_from(entry, c.setup.inputs, c.setup.race.limits, "");
  if (!ran.ok()) return ran.error().to_string();
  return c.setup.reference ? bench::held_against(*c.setup.reference, ran->outputs, c.setup.gate).reason : "";
}

// The same for thane itself, on this CPU or a lesser one.
std::string problem_natively(const Championship& c, const ModelFile& file, std::optional<Isa> isa = std::nullopt) {
  if (!file.model) return "thane does not read it: " + file.refusal;
  Entry entry = native_entry(c.arguments, c.setup, file, true);
  if (isa) entry.options["isa"] = std::string(isa_name(*isa));
  return problem_of(c, entry);
}

// The engine's entry, with another file.
std::optional<Entry> entry_with(const Championship& c, std::string_view engine, const ModelFile& file) {
  const auto found = std::ranges::find_if(
      c.setup.entries, [&](const Entry& entry) { return entry.engine == engine && entry.variant.empty(); });
  if (found == c.setup.entries.end()) return std::nullopt;
  Entry own = *found;
  own.model = file.path;
  own.kind = file.kind;
  own.inputs = file.inputs;
  return own;
}

std::vector<Isa> lesser_cpus() {
  if (cpu_facts().best == Isa::kNeon) return {Isa::kPortable, Isa::kNeon};
  std::vector<Isa> levels;
  for (const Isa isa : {Isa::kPortable, Isa::kAvx2, Isa::kAvx512})
    if (isa <= cpu_facts().best) levels.push_back(isa);
  return levels;
}

}  // namespace

void check_forms(Championship& c) {
  if (!c.setup.reference || c.setup.files.size() < 2) return;
  Document forms = Document::array();
  for (const ModelFile& file : c.setup.files) {
    Document form = {{"file", file.path}, {"kind", file.kind}};
    const std::string problem = problem_natively(c, file);
    form["agrees"] = problem.empty();
    if (!problem.empty()) {
      form["reason"] = problem;
      if (file.model) c.setup.remarks.push_back(format("{} is not the same network: {}", file.path, problem));
    }
    forms.push_back(std::move(form));
  }
  c.result["forms"] = std::move(forms);
}

std::vector<Candidate> by_targets(Championship& c) {
  std::vector<Candidate> candidates;
  Document targets = Document::array();
  for (const ModelFile& file : c.setup.files) {
    int asked = 0, agree = 0;
    const auto ask = [&](const std::string& target, const std::string& problem) {
      ++asked;
      agree += problem.empty();
      targets.push_back({{"file", file.path}, {"target", target}, {"agrees", problem.empty()}, {"reason", problem}});
    };
    for (const Isa isa : lesser_cpus()) ask(format("native on {}", isa_name(isa)), problem_natively(c, file, isa));
    for (const rivals::Installed& engine : c.setup.installed) {
      const auto entry = entry_with(c, engine.rival->name, file);
      if (!entry) continue;  // takes no part
      const bool opens = rivals::lists(engine.rival->formats, file.kind);
      ask(std::string(engine.rival->title), opens ? problem_of(c, *entry) : "does not open this kind of file");
    }
    const double missing = asked ? 1 - static_cast<double>(agree) / asked : 1;
    const std::string name = std::filesystem::path(file.path).filename().string();
    candidates.push_back({name, name, missing, {}});
    c.setup.remarks.push_back(format("{}: {} of {} targets load it and agree.", file.path, agree, asked));
  }
  c.result["targets"] = std::move(targets);
  return candidates;
}

}  // namespace thane::cli
