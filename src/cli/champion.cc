// thane champion: the gate, the race, the verdict.
#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "base/format.h"
#include "bench/float64.h"
#include "bench/profile.h"
#include "bench/result.h"
#include "cli/championship.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/race_result.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace thane::cli {

double Championship::spent() const { return monotonic_seconds() - start; }

namespace {

using bench::Candidate;
using bench::Scenario;

// Factors within which exact figures are no difference worth a verdict.
constexpr double kPrecisionFactor = 1.25, kDeployFactor = 1.05, kExactly = 1.0 + 1e-9;

Result<double> parse_budget(const std::string& text) {
  const double factor = text.ends_with('m') ? 60 : text.ends_with('h') ? 3600 : 1;
  const bool unit = !text.empty() && (text.back() == 's' || text.back() == 'm' || text.back() == 'h');
  const auto value = parse_real(unit ? text.substr(0, text.size() - 1) : text);
  if (!value || !(*value > 0) || *value * factor > 86400)
    return invalid_argument(format("'{}'", text)).at("--budget").expecting("a time, as in 90s or 10m");
  return *value * factor;
}

Status install_missing(Championship& c) {
  for (const std::string& name : c.setup.missing) {
    note(c.arguments, "installing " + name);
    auto engine = rivals::install(c.setup.home, *rivals::find_rival(name), [](const std::string&) {});
    if (!engine.ok()) note(c.arguments, format("{} cannot be installed: {}", name, engine.error().to_string()));
  }
  THANE_ASSIGN(c.setup, prepare(c.arguments, true));
  return ok();
}

Status set_up(Championship& c) {
  THANE_ASSIGN(c.budget, parse_budget(c.arguments.text(kBudget)));
  c.start = monotonic_seconds();
  THANE_ASSIGN(c.setup, prepare(c.arguments, true));
  if (c.arguments.has(kInstall) && !c.setup.missing.empty()) THANE_TRY(install_missing(c));
  if (!c.setup.missing.empty()) {
    std::string names;
    for (const std::string& name : c.setup.missing) names += " " + name;
    c.setup.remarks.push_back("These would fit the files and are not installed: thane engines add" + names +
                              " (or --install)");
  }
  if (c.setup.entries.empty()) {
    return invalid_argument("no engine that opens the files is installed")
        .at("thane champion")
        .hinting(c.setup.missing.empty() ? "thane engines lists what each opens" : c.setup.remarks.back());
  }
  THANE_TRY(find_reference(c.setup));
  if (c.setup.reference) {
    c.gate = std::make_unique<bench::ReferenceGate>(*c.setup.reference, c.setup.gate,
                                                    c.setup.base ? &c.setup.base->model->graph : nullptr);
  }
  return ok();
}

// The race itself. Returns the quantile by which latencies are compared.
double main_race(Championship& c) {
  bench::RaceOptions& options = c.setup.race;
  options.scenario = c.concurrent() ? Scenario::kOffline : Scenario::kSingle;
  // Starts are what counts: many processes, short turns.
  const bool starts = c.need.name == "rapid-iteration" || c.need.name == "fast-deploy";
  if (starts && !c.arguments.has(kProcesses)) options.processes = 6;
  if (starts) options.least_processes = 4;  // the first start of each is the cold one
  if (starts || c.need.name == "high-precision" || c.need.name == "cross-platform") options.rounds = 2;
  const double share = starts ? 0.2 : 0.5;
  options.budget_seconds = share * c.budget;
  // Heavy frameworks take long to start: fewer fresh processes then, rather than a budget that means nothing.
  options.deadline_seconds = std::max(share * c.budget, (starts ? 1.0 : 0.7) * c.budget - c.spent());
  c.race =
      bench::run_race(c.setup.entries, c.setup.inputs, options, c.gate.get(), live_view(c.arguments, share * c.budget));
  const double quantile = c.concurrent() ? 0.5 : bench::common_quantile(c.race);
  bench::add_race(c.result, c.race, options, c.setup.reference ? &*c.setup.reference : nullptr, quantile);
  return quantile;
}

// Everybody's error against a float64 evaluation of the graph.
void add_errors(Championship& c) {
  if (!c.setup.base) return;
  std::vector<Type> types;
  for (const auto& input : c.setup.inputs) types.push_back(Value(input.tensor).type());
  const auto graph = imported_graph(*c.setup.base->model, types);
  if (!graph.ok()) return;
  const auto exact = bench::evaluated_in_float64(*graph, c.setup.inputs);
  if (!exact.ok()) {
    if (c.need.name == "high-precision")
      c.setup.remarks.push_back("No float64 evaluation of this network: " + exact.error().to_string());
    return;
  }
  for (size_t i = 0; i < c.race.standings.size(); ++i) {
    const bench::Standing& s = c.race.standings[i];
    if (s.results.empty()) continue;
    const auto error = bench::error_against(s.results, *exact, c.setup.gate.carried);
    if (!error.ok()) continue;
    c.errors[s.entry.label] = *error;
    c.result["standings"][i]["error64"] = {{"max", error->max}, {"mean", error->mean}};
  }
}

void decide_winner(Championship& c, double quantile) {
  double floor = c.race.floor;
  std::string measure(c.need.measure);
  std::vector<Candidate> candidates;
  if (c.need.name == "low-latency" || c.concurrent()) {
    candidates = bench::by_turns(c.race, c.setup.race.scenario, quantile);
    if (!c.concurrent()) measure = format("p{:.0f} latency", quantile * 100);
  } else if (c.need.name == "rapid-iteration") {
    candidates = bench::by_first_output(c.race);
    floor = bench::noise_floor(bench::twins_first_output(c.race));
  } else if (c.need.name == "fast-deploy") {
    candidates = bench::by_deployment(c.race);
    floor = kDeployFactor;
  } else if (c.need.name == "high-precision") {
    for (const bench::Standing& s : c.race.standings) {
      if (s.counts() && c.errors.contains(s.entry.label))
        candidates.push_back({s.entry.label, s.entry.engine, c.errors[s.entry.label].max, {}});
    }
    floor = kPrecisionFactor;
    measure += ", relative; within 25% is a tie";
  } else {
    candidates = by_targets(c);
    floor = kExactly;
  }
  c.verdict = bench::decide(candidates, floor);
  c.result["verdict"] = bench::verdict_document(c.verdict, c.need, measure, candidates);
}

void add_profile(Championship& c) {
  if (!c.setup.base) return;
  std::vector<Value> values;
  for (const auto& input : c.setup.inputs) values.push_back(Value(input.tensor));
  if (const auto profile = bench::profile_model(*c.setup.base->model, values, c.setup.pipeline, 0.3); profile.ok())
    c.result["profile"] = bench::profile_document(*profile);
}

Status hold(Championship& c) {
  THANE_TRY(set_up(c));
  c.result = {
      {"kind", "champion"}, {"need", std::string(c.need.name)}, {"manifest", race_manifest(c.arguments, c.setup)}};
  const double quantile = main_race(c);
  check_forms(c);
  add_errors(c);
  decide_winner(c, quantile);
  add_pareto(c);
  if (c.arguments.has(kTuned)) tuned_race(c);
  if (!c.arguments.has(kNoFlips)) find_flips(c);
  add_folklore(c);
  add_profile(c);
  close_live_view(c.arguments);
  c.result["seconds"] = c.spent();
  if (c.spent() > 1.5 * c.budget)
    c.setup.remarks.push_back(
        format("It took {:.0f} s: every engine starts at least twice, whatever the budget.", c.spent()));
  return deliver(c.arguments, c.setup, c.result);
}

}  // namespace

int champion(const Arguments& arguments) {
  Championship c(arguments, bench::need_named(arguments.text(kNeed)));
  if (const auto status = hold(c); !status.ok()) {
    close_live_view(arguments);
    return report(arguments, status.error());
  }
  if (!c.verdict.champion.empty()) return kSuccess;
  return c.verdict.tie.empty() ? kGateFailed : kUndecided;
}

}  // namespace thane::cli
