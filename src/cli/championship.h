// What the parts of `champion` share: one question asked about the forms of one network, and what was found so far.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/verdict.h"
#include "cli/racing.h"

namespace thane::cli {

struct Championship {
  Championship(const Arguments& given, const bench::Need& asked) : arguments(given), need(asked) {}

  const Arguments& arguments;
  const bench::Need& need;
  double budget = 120, start = 0;  // seconds; when it began
  Setup setup;
  std::unique_ptr<bench::ReferenceGate> gate;
  bench::RaceResult race;
  std::map<std::string, bench::Error64> errors;  // by label
  bench::Verdict verdict;
  rivals::Document result;

  double spent() const;
  bool concurrent() const { return need.name == "high-throughput"; }
};

// ---- champion_forms.cc
// Whether the files are forms of one network: each that thane reads is run once and held against the reference.
void check_forms(Championship& c);
// Which share of the targets does not take each file: every engine here, and the native one as on lesser CPUs.
std::vector<bench::Candidate> by_targets(Championship& c);

// ---- champion_further.cc
// The second class: each engine's documented settings, tried for equal seconds; the best ones race again.
void tuned_race(Championship& c);
// The winner at other batch sizes and numbers of threads, from short races.
void find_flips(Championship& c);

// ---- champion_remarks.cc
// Who is not beaten in everything.
void add_pareto(Championship& c);
// What guides say of the need, and whether it held.
void add_folklore(Championship& c);

}  // namespace thane::cli
