// thane champion: the gate, the race, the verdict.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/clock.h"
#include "base/format.h"
#include "bench/adapt.h"
#include "bench/float64.h"
#include "bench/native_worker.h"
#include "bench/profile.h"
#include "bench/result.h"
#include "bench/verdict.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/racing.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace thane::cli {
namespace {

using bench::Candidate;
using bench::Entry;
using bench::Scenario;
using rivals::Document;

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

class Champion {
 public:
  explicit Champion(const Arguments& arguments)
      : arguments_(arguments), need_(bench::need_named(arguments.text(kNeed))) {}

  Status go() {
    THANE_ASSIGN(budget_, parse_budget(arguments_.text(kBudget)));
    start_ = monotonic_seconds();
    THANE_ASSIGN(setup_, prepare(arguments_, true));
    if (arguments_.has(kInstall) && !setup_.missing.empty()) THANE_TRY(install_missing());
    if (!setup_.missing.empty()) {
      std::string names;
      for (const std::string& name : setup_.missing) names += " " + name;
      setup_.remarks.push_back("These would fit the files and are not installed: thane engines add" + names +
                               " (or --install)");
    }
    if (setup_.entries.empty()) {
      return invalid_argument("no engine that opens the files is installed")
          .at("thane champion")
          .hinting(setup_.missing.empty() ? "thane engines lists what each opens" : setup_.remarks.back());
    }
    THANE_TRY(find_reference(setup_));
    if (setup_.reference) {
      gate_ = std::make_unique<bench::ReferenceGate>(*setup_.reference, setup_.gate,
                                                     setup_.base ? &setup_.base->model->graph : nullptr);
    }
    result_ = {
        {"kind", "champion"}, {"need", std::string(need_.name)}, {"manifest", race_manifest(arguments_, setup_)}};
    main_race();
    check_forms();
    add_errors();
    decide();
    add_pareto();
    if (arguments_.has(kTuned)) tuned_race();
    if (!arguments_.has(kNoFlips)) find_flips();
    add_folklore();
    add_profile();
    close_live_view(arguments_);
    return deliver(arguments_, setup_, result_);
  }

  int code() const {
    if (!verdict_.champion.empty()) return kSuccess;
    return verdict_.tie.empty() ? kGateFailed : kUndecided;
  }

 private:
  Status install_missing() {
    for (const std::string& name : setup_.missing) {
      note(arguments_, "installing " + name);
      auto engine = rivals::install(setup_.home, *rivals::find_rival(name), [](const std::string&) {});
      if (!engine.ok()) note(arguments_, format("{} cannot be installed: {}", name, engine.error().to_string()));
    }
    THANE_ASSIGN(setup_, prepare(arguments_, true));
    return ok();
  }

  double spent() const { return monotonic_seconds() - start_; }

  bool concurrent() const { return need_.name == "high-throughput"; }

  void main_race() {
    setup_.race.scenario = concurrent() ? Scenario::kMulti : Scenario::kSingle;
    // Starts are what counts: many processes, short turns.
    const bool starts = need_.name == "rapid-iteration" || need_.name == "fast-deploy";
    if (starts && !arguments_.has(kProcesses)) setup_.race.processes = 6;
    if (starts || need_.name == "high-precision" || need_.name == "cross-platform") setup_.race.rounds = 2;
    const double share = starts ? 0.2 : 0.5;
    setup_.race.budget_seconds = share * budget_;
    // Heavy frameworks take long to start: fewer fresh processes then, rather than a budget that means nothing.
    setup_.race.deadline_seconds = std::max(share * budget_, (starts ? 1.0 : 0.7) * budget_ - spent());
    race_ = bench::run_race(setup_.entries, setup_.inputs, setup_.race, gate_.get(),
                            live_view(arguments_, share * budget_));
    quantile_ = concurrent() ? 0.5 : bench::common_quantile(race_);
    bench::add_race(result_, race_, setup_.race, setup_.reference ? &*setup_.reference : nullptr, quantile_);
  }

  // Whether the files are forms of one network: each that thane reads is run once and held against the reference.
  void check_forms() {
    if (!setup_.reference || setup_.files.size() < 2) return;
    result_["forms"] = Document::array();
    for (const ModelFile& file : setup_.files) {
      Document form = {{"file", file.path}, {"kind", file.kind}};
      const std::string problem = file.model ? agreement_problem(file) : "thane does not read it: " + file.refusal;
      form["agrees"] = problem.empty();
      if (!problem.empty()) {
        form["reason"] = problem;
        if (file.model) setup_.remarks.push_back(format("{} is not the same network: {}", file.path, problem));
      }
      result_["forms"].push_back(std::move(form));
    }
  }

  std::string agreement_problem(const ModelFile& file) const {
    Entry entry = native_for(file, setup_.pipeline.session.isa);
    auto reference = bench::reference_from(entry, setup_.inputs, setup_.race.limits, "");
    if (!reference.ok()) return reference.error().to_string();
    return difference_from_reference(reference->outputs);
  }

  std::string difference_from_reference(const std::vector<bench::NamedTensor>& outputs) const {
    auto ours = bench::adapted_outputs(outputs, setup_.reference->outputs);
    if (!ours.ok()) return ours.error().to_string();
    for (size_t i = 0; i < ours->size(); ++i) {
      const Difference d =
          thane::compare(Value((*ours)[i]), Value(setup_.reference->outputs[i].tensor), setup_.gate.tolerance);
      if (!d.within)
        return d.structure.empty() ? format("max error {:.3g} (cosine {:.6f})", d.max_error, d.cosine) : d.structure;
    }
    return "";
  }

  Entry native_for(const ModelFile& file, Isa isa) const {
    Entry entry;
    entry.label = "native";
    entry.engine = "native";
    entry.model = file.path;
    entry.kind = file.kind;
    entry.threads = setup_.threads;
    entry.options = {{"precision_level", static_cast<int>(Precision::kFp32)}, {"isa", std::string(isa_name(isa))}};
    entry.launch = bench::native_launch(setup_.memory_bytes);
    return entry;
  }

  // Everybody's error against a float64 evaluation of the graph.
  void add_errors() {
    if (!setup_.base) return;
    std::vector<Type> types;
    for (const auto& input : setup_.inputs) types.push_back(Value(input.tensor).type());
    const auto graph = imported_graph(*setup_.base->model, types);
    if (!graph.ok()) return;
    const auto exact = bench::evaluated_in_float64(*graph, setup_.inputs);
    if (!exact.ok()) {
      if (need_.name == "high-precision")
        setup_.remarks.push_back("No float64 evaluation of this network: " + exact.error().to_string());
      return;
    }
    for (size_t i = 0; i < race_.standings.size(); ++i) {
      const bench::Standing& s = race_.standings[i];
      if (s.results.empty()) continue;
      const auto error = bench::error_against(s.results, *exact);
      if (!error.ok()) continue;
      errors_[s.entry.label] = *error;
      result_["standings"][i]["error64"] = {{"max", error->max}, {"mean", error->mean}};
    }
  }

  void decide() {
    double floor = race_.floor;
    std::string measure(need_.measure);
    std::vector<Candidate> candidates;
    if (need_.name == "low-latency" || concurrent()) {
      candidates = bench::by_turns(race_, setup_.race.scenario, quantile_);
      if (!concurrent()) measure = format("p{:.0f} latency", quantile_ * 100);
    } else if (need_.name == "rapid-iteration") {
      candidates = bench::by_first_output(race_);
      floor = bench::noise_floor(bench::twins_first_output(race_));
    } else if (need_.name == "fast-deploy") {
      candidates = bench::by_deployment(race_);
      floor = kDeployFactor;
    } else if (need_.name == "high-precision") {
      for (const bench::Standing& s : race_.standings) {
        if (s.counts() && errors_.contains(s.entry.label))
          candidates.push_back({s.entry.label, errors_[s.entry.label].max, {}});
      }
      floor = kPrecisionFactor;
      measure += ", relative; within 25% is a tie";
    } else {
      candidates = by_targets();
      floor = kExactly;
    }
    verdict_ = bench::decide(candidates, floor);
    result_["verdict"] = bench::verdict_document(verdict_, need_, measure, candidates);
  }

  // Which share of the targets does not take each file: every engine here, and the native one as on lesser CPUs.
  std::vector<Candidate> by_targets() {
    std::vector<Candidate> candidates;
    result_["targets"] = Document::array();
    for (const ModelFile& file : setup_.files) {
      int asked = 0, agree = 0;
      const auto ask = [&](const std::string& target, const Entry* entry) {
        std::string problem = "does not open this kind of file";
        if (entry) {
          auto ran = bench::reference_from(*entry, setup_.inputs, setup_.race.limits, "");
          problem = !ran.ok()          ? ran.error().to_string()
                    : setup_.reference ? difference_from_reference(ran->outputs)
                                       : "";
        }
        ++asked;
        agree += problem.empty();
        result_["targets"].push_back(
            {{"file", file.path}, {"target", target}, {"agrees", problem.empty()}, {"reason", problem}});
      };
      for (const Isa isa : {Isa::kPortable, Isa::kAvx2, Isa::kAvx512}) {
        if (isa > cpu_facts().best || (isa != Isa::kPortable && cpu_facts().best == Isa::kNeon)) continue;
        const Entry entry = native_for(file, isa);
        ask(format("native on {}", isa_name(isa)), file.model ? &entry : nullptr);
      }
      for (const rivals::Installed& engine : setup_.installed) {
        const Entry* entry = nullptr;
        const bool opens = rivals::lists(engine.rival->formats, file.kind);
        Entry own;
        for (const Entry& other : setup_.entries) {
          if (other.engine != engine.rival->name || !other.variant.empty()) continue;
          own = other;
          own.model = file.path;
          own.kind = file.kind;
          entry = opens ? &own : nullptr;
        }
        if (!entry && opens) continue;  // takes no part at all
        ask(std::string(engine.rival->title), entry);
      }
      const double missing = asked ? 1 - static_cast<double>(agree) / asked : 1;
      candidates.push_back({std::filesystem::path(file.path).filename().string(), missing, {}});
      setup_.remarks.push_back(format("{}: {} of {} targets load it and agree.", file.path, agree, asked));
    }
    return candidates;
  }

  void add_pareto() {
    std::vector<const bench::Standing*> who;
    std::vector<std::vector<double>> points;
    for (const bench::Standing& s : race_.standings) {
      if (!s.counts()) continue;
      who.push_back(&s);
      std::vector<double> point = {bench::median(s.samples()), static_cast<double>(s.peak_bytes),
                                   static_cast<double>(s.entry.installed_bytes),
                                   s.cold ? s.cold->to_first_output() : 0};
      if (errors_.contains(s.entry.label)) point.push_back(errors_[s.entry.label].max);
      points.push_back(std::move(point));
    }
    const bool same = std::ranges::all_of(points, [&](const auto& p) { return p.size() == points[0].size(); });
    if (!same) {
      for (auto& point : points) point.resize(4);
    }
    result_["pareto"] = {{"measures", {"p50_s", "peak_bytes", "installed_bytes", "cold_first_output_s", "error64"}},
                         {"front", Document::array()}};
    for (const size_t i : bench::pareto_front(points)) result_["pareto"]["front"].push_back(who[i]->entry.label);
  }

  bench::RaceOptions short_race(double seconds) const {
    bench::RaceOptions options = setup_.race;
    options.budget_seconds = seconds;
    options.processes = 1;
    options.rounds = 4;
    options.twin = false;
    options.deadline_seconds = 0;
    return options;
  }

  std::vector<Entry> qualified() const {
    std::vector<Entry> entries;
    for (const bench::Standing& s : race_.standings)
      if (s.counts()) entries.push_back(s.entry);
    return entries;
  }

  // The second class: each engine's documented settings, tried for equal seconds; the best race again.
  void tuned_race() {
    const double share = 0.25 * budget_ / std::max<double>(1, static_cast<double>(qualified().size()));
    std::vector<Entry> best;
    for (const Entry& entry : qualified()) {
      std::vector<Entry> tries;
      const rivals::Rival* rival = rivals::find_rival(entry.engine);
      const std::string_view plain[] = {"{}"};
      for (int threads = 1; threads <= std::max(1, setup_.threads); threads *= 2) {
        for (const std::string_view tunable : rival ? rival->tunables : std::span<const std::string_view>(plain)) {
          Entry with = with_threads(setup_, entry, threads);
          if (auto options = rivals::parse_document(tunable); options.ok()) with.options.update(*options);
          with.label += format(" #{}", tries.size());
          tries.push_back(std::move(with));
        }
      }
      const auto options = short_race(share);
      const auto tried = bench::run_race(tries, setup_.inputs, options, gate_.get(), live_view(arguments_, share));
      auto order = bench::by_turns(tried, options.scenario, 0.5);
      if (order.empty()) continue;
      const std::string& label = std::ranges::min_element(order, {}, &Candidate::value)->label;
      Entry chosen = std::ranges::find(tries, label, &Entry::label)[0];
      chosen.label = entry.label;
      best.push_back(std::move(chosen));
    }
    if (best.empty()) return;
    bench::RaceOptions options = setup_.race;
    options.budget_seconds = 0.25 * budget_;
    const auto race =
        bench::run_race(best, setup_.inputs, options, gate_.get(), live_view(arguments_, options.budget_seconds));
    Document tuned = {{"seconds_per_engine", share}};
    bench::add_race(tuned, race, options, setup_.reference ? &*setup_.reference : nullptr, 0.5);
    const auto candidates = bench::by_turns(race, options.scenario, 0.5);
    tuned["verdict"] =
        bench::verdict_document(bench::decide(candidates, race.floor), need_, "tuned, median", candidates);
    setup_.remarks.push_back("Tuned: " + rivals::text(tuned["verdict"], "text"));
    result_["tuned"] = std::move(tuned);
  }

  // The winner at other batch sizes and numbers of threads, from short races.
  void find_flips() {
    const auto entries = qualified();
    if (entries.size() < 2 || need_.name == "high-precision" || need_.name == "cross-platform") return;
    std::vector<int> threads = {1};
    if (setup_.threads > 1) threads.push_back(setup_.threads);
    std::vector<std::pair<int, int64_t>> points;
    for (const int64_t batch : {int64_t{1}, int64_t{8}, int64_t{32}})
      for (const int t : threads) points.emplace_back(t, batch);
    const double share = 0.25 * budget_ / static_cast<double>(points.size());
    Document flips = Document::array();
    std::vector<std::string> last;
    for (const auto& [t, batch] : points) {
      if (!flips.empty() && spent() > 1.2 * budget_) {
        setup_.remarks.emplace_back(
            "The budget ended before every batch size and number of threads was tried (--budget).");
        break;
      }
      auto inputs = make_inputs(arguments_, setup_, batch);
      if (!inputs.ok() || (batch > 1 && !grows(*inputs))) continue;
      std::vector<Entry> with;
      for (const Entry& entry : entries) with.push_back(with_threads(setup_, entry, t));
      bench::RaceOptions options = short_race(share);
      options.scenario = Scenario::kSingle;
      options.rounds = 5;
      const auto race = bench::run_race(with, *inputs, options, nullptr, live_view(arguments_, share));
      const auto candidates = bench::by_turns(race, options.scenario, 0.5);
      const auto verdict = bench::decide(candidates, 1.03);
      Document flip = {{"threads", t}, {"batch", batch}, {"winners", Document::array()}, {"times", Document::array()}};
      if (!verdict.champion.empty()) flip["winners"].push_back(verdict.champion);
      for (const std::string& label : verdict.tie) flip["winners"].push_back(label);
      for (const Candidate& c : candidates) flip["times"].push_back({{"label", c.label}, {"p50_s", c.value}});
      const std::vector<std::string> now = flip["winners"].get<std::vector<std::string>>();
      // Only a clear winner who takes over from a clear winner is a flip.
      if (last.size() == 1 && now.size() == 1 && now != last)
        setup_.remarks.push_back(format("{} wins at batch {} with {} threads.", now[0], batch, t));
      if (now.size() == 1) last = now;
      flips.push_back(std::move(flip));
    }
    result_["flips"] = std::move(flips);
  }

  bool grows(const std::vector<bench::NamedTensor>& inputs) const {
    for (size_t i = 0; i < inputs.size(); ++i)
      if (inputs[i].tensor.dims() != setup_.inputs[i].tensor.dims()) return true;
    return false;
  }

  void add_folklore() {
    Document folklore = {{"claim", std::string(need_.claim)}, {"names", std::string(need_.champion)}};
    const auto stands_for = [&](const std::string& label) {
      for (const bench::Standing& s : race_.standings)
        if (s.entry.label == label && s.entry.engine == need_.champion) return true;
      for (const ModelFile& file : setup_.files)
        if (std::filesystem::path(file.path).filename().string() == label && file.kind == need_.champion) return true;
      return false;
    };
    bool took_part = need_.name == "cross-platform";
    for (const bench::Standing& s : race_.standings) took_part |= s.counts() && s.entry.engine == need_.champion;
    bool held = stands_for(verdict_.champion);
    for (const std::string& label : verdict_.tie) held |= stands_for(label);
    if (took_part)
      folklore["held"] = held;
    else
      folklore["held"] = nullptr;
    setup_.remarks.push_back(format("Guides say: {} {}", need_.claim,
                                    !took_part ? "It took no part here."
                                    : held     ? "It held here."
                                               : "It did not hold here."));
    result_["folklore"] = std::move(folklore);
  }

  void add_profile() {
    if (!setup_.base) return;
    std::vector<Value> values;
    for (const auto& input : setup_.inputs) values.push_back(Value(input.tensor));
    if (const auto profile = bench::profile_model(*setup_.base->model, values, setup_.pipeline, 0.3); profile.ok())
      result_["profile"] = bench::profile_document(*profile);
  }

  const Arguments& arguments_;
  const bench::Need& need_;
  double budget_ = 120, start_ = 0, quantile_ = 0.5;
  Setup setup_;
  std::unique_ptr<bench::ReferenceGate> gate_;
  bench::RaceResult race_;
  std::map<std::string, bench::Error64> errors_;
  bench::Verdict verdict_;
  Document result_;
};

}  // namespace

int champion(const Arguments& arguments) {
  Champion champion(arguments);
  if (auto status = champion.go(); !status.ok()) {
    close_live_view(arguments);
    return report(arguments, status.error());
  }
  return champion.code();
}

}  // namespace thane::cli
