// Who wins for a need, and whether that can be said at all.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "bench/race.h"

namespace thane::bench {

// Each need has one primary measure, less is better; everything else is shown beside it.
struct Need {
  std::string_view name;
  std::string_view measure;   // for people
  std::string_view claim;     // what guides repeat
  std::string_view champion;  // whom they name: an engine, or for cross-platform a kind of file
};
std::span<const Need> all_needs();
const Need& need_named(std::string_view name);  // of kNeed's choices

struct Candidate {
  std::string label;
  std::string group;  // the engine: its forms and variants do not compete with each other for the title
  double value = 0;   // of the primary measure
  // The same, each time it was measured, by (process, round): compared pair by pair. Empty: value is exact.
  std::map<std::pair<int, int>, double> samples;
};

struct Verdict {
  std::string champion;            // empty: a tie, or nobody
  std::vector<std::string> alike;  // others of the champion's group that do as well
  std::vector<std::string> tie;    // those among whom no difference can be shown
  Ratio margin;                    // over the best of the other groups
  std::string runner_up;
};
// `floor`: a factor within which differences mean nothing.
Verdict decide(std::vector<Candidate> candidates, double floor);

// "native wins low-latency: …" and the parts as data.
rivals::Document verdict_document(const Verdict& verdict, const Need& need, const std::string& measure,
                                  std::span<const Candidate> candidates);

// Candidates of a finished race.
std::vector<Candidate> by_turns(const RaceResult& race, Scenario scenario, double q);  // latency, throughput
std::vector<Candidate> by_first_output(const RaceResult& race);                        // rapid iteration
std::vector<Candidate> by_deployment(const RaceResult& race);                          // fetch and cold start
Ratio twins_first_output(const RaceResult& race);

inline constexpr double kFetchBytesPerSecond = 12.5e6;  // 100 Mbit/s

}  // namespace thane::bench
