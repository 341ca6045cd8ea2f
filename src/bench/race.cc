#include "bench/race.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/clock.h"
#include "base/format.h"
#include "bench/adapt.h"

namespace thane::bench {
namespace {

constexpr double kWarmupSeconds = 3, kShortestTurn = 0.03, kLongestTurn = 5;
constexpr size_t kLeastRuns = 3;
constexpr double kQuickStart = 1.0 / 30;  // of the budget: who opens within it is not what uses the time up
constexpr double kUnknownFloor = 1.05;    // when the twins did not both run
constexpr size_t kMostSamplesPerTurn = 200'000;

struct Runner {
  Standing* standing;
  std::unique_ptr<Contestant> contestant;  // null: out of this process's turns
};

class Race {
 public:
  Race(const std::vector<Entry>& entries, const std::vector<NamedTensor>& inputs, const RaceOptions& options,
       Gate* gate, const RaceView& view)
      : inputs_(inputs), options_(options), gate_(gate), view_(view) {
    for (const Entry& entry : entries) standings_.push_back({.entry = entry});
    if (options.twin && !entries.empty()) {
      standings_.push_back({.entry = entries.front()});
      standings_.back().entry.label += " (twin)";
    }
  }

  RaceResult run() {
    const double start = monotonic_seconds();
    start_costs_.assign(standings_.size(), 0);
    for (int process = 0; process < options_.processes; ++process) {
      choose_starters(process, monotonic_seconds() - start);
      if (process >= 2 && std::ranges::count(starts_, true) < 2) break;
      run_process(process);
    }
    RaceResult result;
    if (options_.scenario == Scenario::kServer) result.bound = search_rates();
    if (options_.twin && !standings_.empty()) {
      result.twin = std::move(standings_.back());
      standings_.pop_back();
    }
    result.standings = std::move(standings_);
    if (result.twin) {
      const auto pairs = paired(result.standings.front(), *result.twin, options_.scenario, 0.5);
      result.twins = bootstrap_ratio(pairs, options_.seed);
      result.floor = pairs.empty() ? kUnknownFloor : noise_floor(result.twins);
    }
    return result;
  }

 private:
  void tell(const std::string& doing) { view_.update(doing, std::min(0.999, done_), standings_); }

  // Who gets one more fresh process: all a few times; then as many as the deadline leaves time for, without those that
  // take longest to start.
  void choose_starters(int process, double spent) {
    starts_.assign(standings_.size(), true);
    if (process < options_.least_processes || options_.deadline_seconds <= 0) return;
    double next = spent + options_.budget_seconds / options_.processes;
    for (const double cost : start_costs_) next += cost;
    while (next > options_.deadline_seconds) {
      const auto slowest = static_cast<size_t>(std::ranges::max_element(start_costs_) - start_costs_.begin());
      if (start_costs_[slowest] <= kQuickStart * options_.budget_seconds) break;
      next -= start_costs_[slowest];
      start_costs_[slowest] = 0;
      starts_[slowest] = false;
      left_out_.push_back(slowest);
    }
    for (const size_t i : left_out_) starts_[i] = false;
  }

  void run_process(int process) {
    std::vector<Runner> runners;
    const size_t count = standings_.size();
    for (size_t i = 0; i < count; ++i) {
      const size_t index = (i + static_cast<size_t>(process)) % count;
      Standing& standing = standings_[index];
      if (!starts_[index] || !standing.failure.empty() || !standing.disqualified.empty()) continue;
      Runner runner{&standing, nullptr};
      const double before = monotonic_seconds();
      const bool started = start(runner, process);
      start_costs_[index] = started ? monotonic_seconds() - before : 0;
      if (started) runners.push_back(std::move(runner));
    }
    double turn_seconds = options_.budget_seconds;
    turn_seconds /= static_cast<double>(std::max<size_t>(runners.size(), 1)) * options_.rounds * options_.processes;
    turn_seconds = std::clamp(turn_seconds, kShortestTurn, kLongestTurn);
    for (int round = 0; round < options_.rounds; ++round) {
      for (size_t i = 0; i < runners.size(); ++i) {
        // Rotated, and every other round backwards: nobody always follows the same neighbour.
        const size_t step = round % 2 ? runners.size() - 1 - i : i;
        Runner& runner = runners[(step + static_cast<size_t>(round / 2)) % runners.size()];
        if (!runner.contestant) continue;
        tell(runner.standing->entry.label);
        take_turn(runner, process, round, turn_seconds);
        done_ +=
            1.0 / (static_cast<double>(options_.processes) * options_.rounds * static_cast<double>(runners.size()));
      }
    }
    for (Runner& runner : runners) {
      if (runner.contestant) read_memory(runner);
    }
    if (options_.scenario == Scenario::kServer) last_ = std::move(runners);  // the latest ones go on to search
  }

  void fail(Runner& runner, const Error& error) {
    runner.standing->failure = error.to_string();
    if (runner.contestant) runner.standing->printed = runner.contestant->child().printed();
    runner.contestant.reset();
  }

  bool start(Runner& runner, int process) {
    Standing& standing = *runner.standing;
    tell("opening " + standing.entry.label);
    const bool cold = process == 0;
    auto opened = Contestant::open(standing.entry, options_.limits, cold);
    if (!opened.ok()) return fail(runner, opened.error()), false;
    runner.contestant = std::move(*opened);
    Contestant& one = *runner.contestant;
    auto inputs = adapted_inputs(standing.entry.inputs ? *standing.entry.inputs : inputs_, one.inputs());
    if (!inputs.ok()) return fail(runner, inputs.error()), false;
    auto outputs = one.first_run(*inputs);
    if (!outputs.ok()) return fail(runner, outputs.error()), false;
    standing.timed = one.timed();
    standing.versions = one.versions();
    if (cold) {
      standing.cold = one.phases();
      standing.results = std::move(*outputs);
      if (gate_) gate_->judge(standing, one);
      // Checked in its first process; in later ones only that it still answers the same matters for ranking.
    } else {
      standing.warm.push_back(one.phases());
    }
    if (!one.child().alive()) return fail(runner, runtime_error("ended while it was being compared")), false;
    if (!standing.disqualified.empty()) return runner.contestant.reset(), false;
    if (!warm_up(runner)) return false;
    one.pause();
    return true;
  }

  bool warm_up(Runner& runner) {
    Contestant& one = *runner.contestant;
    if (options_.warmup >= 0) {
      auto block = one.block(0, 1, 1, options_.warmup);
      if (!block.ok()) return fail(runner, block.error()), false;
      runner.standing->warmup_runs = options_.warmup;
      return true;
    }
    std::vector<double> times;
    const double share =
        options_.budget_seconds / static_cast<double>(3 * standings_.size() * static_cast<size_t>(options_.processes));
    const double start = monotonic_seconds(), limit = std::min(kWarmupSeconds, std::max(0.1, share));
    runner.standing->steady = false;
    while (monotonic_seconds() - start < limit && !runner.standing->steady) {
      auto block = one.block(limit / 4, 5, kMostSamplesPerTurn, 0);
      if (!block.ok()) return fail(runner, block.error()), false;
      times.insert(times.end(), block->samples.begin(), block->samples.end());
      runner.standing->steady = steady_from(times).has_value();
    }
    runner.standing->warmup_runs = std::max<int64_t>(runner.standing->warmup_runs, static_cast<int64_t>(times.size()));
    return true;
  }

  void take_turn(Runner& runner, int process, int round, double seconds) {
    Contestant& one = *runner.contestant;
    one.resume();
    const auto runs = static_cast<size_t>(options_.runs);
    const bool concurrent = options_.scenario == Scenario::kMulti || options_.scenario == Scenario::kOffline;
    auto block =
        concurrent
            ? one.streams(runner.standing->entry.streams ? runner.standing->entry.streams : options_.streams, seconds)
            : one.block(runs ? 0 : seconds, runs ? runs : kLeastRuns, runs ? runs : kMostSamplesPerTurn, 2);
    if (!block.ok()) return fail(runner, block.error());
    if (block->samples.empty()) return fail(runner, runtime_error("delivered no times"));
    block->batch = runner.standing->entry.batch;
    runner.standing->turns.push_back({process, round, std::move(*block)});
    if (round == options_.rounds - 1) read_memory(runner);
    one.pause();
  }

  static void read_memory(Runner& runner) {
    const rivals::Memory memory = runner.contestant->memory();
    runner.standing->peak_bytes = std::max(runner.standing->peak_bytes, memory.peak_bytes);
    if (memory.proportional_bytes > 0) runner.standing->steady_bytes = memory.proportional_bytes;
  }

  double seconds_per_rate() const {
    return std::clamp(options_.budget_seconds / (8.0 * static_cast<double>(last_.size())), 0.5, 30.0);
  }

  // The highest quantile up to p99 that everybody's requests support, at half the rate it could serve at most.
  double served_quantile() const {
    for (const double q : {0.99, 0.9}) {
      const bool all = std::ranges::all_of(last_, [&](const Runner& runner) {
        if (!runner.contestant) return true;
        return supports_quantile(static_cast<size_t>(0.5 * seconds_per_rate() / median(runner.standing->samples())), q);
      });
      if (all) return q;
    }
    return 0.5;
  }

  // The highest rate of random arrivals whose latency, waiting included, keeps the bound; by bisection.
  ServerBound search_rates() {
    ServerBound bound{options_.bound_seconds, served_quantile()};
    for (Runner& runner : last_) {
      if (!runner.contestant) continue;
      const double middle = median(runner.standing->samples()), seconds = seconds_per_rate();
      if (bound.seconds <= 0) bound.seconds = 5 * middle;
      double good = 0, bad = 1.2 / middle;
      runner.contestant->resume();
      for (int step = 0; step < 6 && runner.contestant; ++step) {
        const double rate = (good + bad) / 2;
        tell(format("{} at {:.0f}/s", runner.standing->entry.label, rate));
        auto block = runner.contestant->serve(rate, seconds, options_.seed + static_cast<uint64_t>(step));
        if (!block.ok()) {
          fail(runner, block.error());
          break;
        }
        std::ranges::sort(block->samples);
        const bool kept = !block->samples.empty() && quantile(block->samples, bound.quantile) <= bound.seconds &&
                          block->elapsed < 1.5 * seconds;
        (kept ? good : bad) = rate;
      }
      runner.standing->server_rate = good;
      runner.standing->server_rate_missed = bad;
      if (runner.contestant) runner.contestant->pause();
    }
    last_.clear();
    return bound;
  }

  const std::vector<NamedTensor>& inputs_;
  const RaceOptions& options_;
  Gate* gate_;
  const RaceView& view_;
  std::vector<Standing> standings_;
  std::vector<Runner> last_;
  std::vector<double> start_costs_;  // seconds, by standing; 0: of those that do not start again
  std::vector<bool> starts_;         // who takes part in the process at hand
  std::vector<size_t> left_out_;
  double done_ = 0;
};

struct ScenarioRow {
  std::string_view name;
  Scenario scenario;
};
constexpr ScenarioRow kScenarios[] = {{"single", Scenario::kSingle},
                                      {"multi", Scenario::kMulti},
                                      {"server", Scenario::kServer},
                                      {"offline", Scenario::kOffline}};

}  // namespace

std::string_view scenario_name(Scenario scenario) {
  return std::ranges::find(kScenarios, scenario, &ScenarioRow::scenario)->name;
}
std::optional<Scenario> scenario_from_name(std::string_view name) {
  const auto found = std::ranges::find(kScenarios, name, &ScenarioRow::name);
  return found == std::end(kScenarios) ? std::nullopt : std::optional(found->scenario);
}

std::vector<double> Standing::samples() const {
  std::vector<double> all;
  for (const Turn& turn : turns) all.insert(all.end(), turn.block.samples.begin(), turn.block.samples.end());
  return all;
}

RaceResult run_race(const std::vector<Entry>& entries, const std::vector<NamedTensor>& inputs,
                    const RaceOptions& options, Gate* gate, const RaceView& view) {
  return Race(entries, inputs, options, gate, view).run();
}

double turn_measure(const Standing::Turn& turn, Scenario scenario, double q) {
  if (scenario == Scenario::kOffline)
    return turn.block.elapsed /
           (static_cast<double>(turn.block.samples.size()) * static_cast<double>(turn.block.batch));
  std::vector<double> sorted = turn.block.samples;
  std::ranges::sort(sorted);
  return quantile(sorted, q);
}

std::vector<Pair> paired(const Standing& ours, const Standing& theirs, Scenario scenario, double q) {
  std::vector<Pair> pairs;
  for (const Standing::Turn& a : ours.turns) {
    for (const Standing::Turn& b : theirs.turns) {
      if (a.process != b.process || a.round != b.round) continue;
      const double x = turn_measure(a, scenario, q), y = turn_measure(b, scenario, q);
      if (x > 0 && y > 0) pairs.push_back({x, y, a.process});
    }
  }
  return pairs;
}

}  // namespace thane::bench
