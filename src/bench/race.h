// The race: each engine in fresh processes of its own, turns interleaved in rotated order, everyone but the one whose
// turn it is paused; outputs compared before anything is ranked; a twin of the first engine for the noise floor.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/compare.h"
#include "bench/contestant.h"
#include "bench/statistics.h"

namespace thane::bench {

enum class Scenario { kSingle, kMulti, kServer, kOffline };
std::string_view scenario_name(Scenario scenario);
std::optional<Scenario> scenario_from_name(std::string_view name);

struct RaceOptions {
  Scenario scenario = Scenario::kSingle;
  double budget_seconds = 20;   // for measuring; opening engines comes on top
  int processes = 4;            // fresh ones per engine
  int least_processes = 2;      // of each engine, whatever the deadline
  double deadline_seconds = 0;  // slow starters get no further processes that would end later; 0: never
  int rounds = 5;               // turns per process
  int warmup = -1;              // runs before measuring; < 0: until the times are steady
  int64_t runs = 0;             // per turn; 0: as the budget allows
  int streams = 2;              // of the multi and offline scenarios
  double bound_seconds = 0;     // of the server scenario's latency; 0: five times the first engine's median
  bool twin = true;
  uint64_t seed = 1;
  Limits limits;
};

struct OutputReport {
  std::string name;
  Difference difference;
};

// What is known of one entry when the race is over. Failures are results.
struct Standing {
  Entry entry;
  std::string failure;       // why it did not finish: "crashed: signal 11 (…) in 'open'"
  std::string disqualified;  // why its times do not count
  std::string printed;       // the end of what a failed worker printed
  std::string timed;
  rivals::Document versions;
  std::vector<OutputReport> outputs;    // against the reference
  std::optional<double> task_accuracy;  // share of rows whose label it found
  std::vector<NamedTensor> results;
  std::optional<Phases> cold;
  std::vector<Phases> warm;
  int64_t warmup_runs = 0;
  bool steady = true;
  struct Turn {
    int process, round;
    Block block;
  };
  std::vector<Turn> turns;
  int64_t peak_bytes = 0, steady_bytes = 0;
  double server_rate = 0, server_rate_missed = 0;  // requests per second that keep the bound; the lowest that do not
  bool ran() const { return failure.empty() && !turns.empty(); }
  bool counts() const { return ran() && disqualified.empty(); }
  std::vector<double> samples() const;
};

// What the server scenario asks: the highest quantile up to p99 that the requests of every engine support.
struct ServerBound {
  double seconds = 0, quantile = 0.99;
};

struct RaceResult {
  std::vector<Standing> standings;  // in the order of the entries
  std::optional<Standing> twin;
  double floor = 1;  // factor within which differences mean nothing
  Ratio twins;
  ServerBound bound;
};

// Told what happens, for a live view.
struct RaceView {
  std::function<void(const std::string& doing, double done, const std::vector<Standing>& standings)> update =
      [](const std::string&, double, const std::vector<Standing>&) {};
};

// What the outputs of an entry are held against: decides disqualification.
class Gate {
 public:
  virtual ~Gate() = default;
  // Fills in standing.outputs and standing.disqualified.
  virtual void judge(Standing& standing, Contestant& contestant) = 0;
};

RaceResult run_race(const std::vector<Entry>& entries, const std::vector<NamedTensor>& inputs,
                    const RaceOptions& options, Gate* gate, const RaceView& view);

// The number a turn is judged by, less is better: a quantile of the latency, or offline the seconds per inference.
double turn_measure(const Standing::Turn& turn, Scenario scenario, double q);
// Turn by turn of the same process and round, for bootstrap_ratio: above 1 when `ours` is faster.
std::vector<Pair> paired(const Standing& ours, const Standing& theirs, Scenario scenario, double q);

}  // namespace thane::bench
