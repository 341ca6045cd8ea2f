// champion: races after the first one, with other settings, batch sizes and threads.
#include <algorithm>
#include <set>

#include "base/format.h"
#include "bench/result.h"
#include "cli/championship.h"
#include "cli/options.h"
#include "cli/race_inputs.h"
#include "cli/race_result.h"

namespace thane::cli {
namespace {

using bench::Candidate;
using bench::Entry;
using bench::Scenario;
using rivals::Document;

bench::RaceOptions short_race(const Championship& c, double seconds) {
  bench::RaceOptions options = c.setup.race;
  options.budget_seconds = seconds;
  options.processes = 1;
  options.rounds = 4;
  options.twin = false;
  options.deadline_seconds = 0;
  return options;
}

// Each engine that qualified once, with the form and variant it did best with, the fastest first.
std::vector<Entry> best_of_each(const Championship& c) {
  auto order = bench::by_turns(c.race, c.setup.race.scenario, 0.5);
  std::ranges::stable_sort(order, {}, &Candidate::value);
  std::vector<Entry> entries;
  std::set<std::string> seen;
  for (const Candidate& candidate : order) {
    if (!seen.insert(candidate.group).second) continue;
    const auto standing = std::ranges::find_if(
        c.race.standings, [&](const bench::Standing& s) { return s.entry.label == candidate.label; });
    entries.push_back(standing->entry);
  }
  return entries;
}

bool grows(const Championship& c, const std::vector<bench::NamedTensor>& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].tensor.dims() != c.setup.inputs[i].tensor.dims()) return true;
  return false;
}

// For throughput: the same with one stream, and with batches where the network takes them. Their outputs are not
// compared again: those of the same settings at the race's own batch are.
void add_streams_and_batches(const Championship& c, std::vector<Entry>& tries) {
  const size_t plain = tries.size();
  for (size_t i = 0; i < plain && c.setup.race.streams > 1; ++i) {
    tries.push_back(tries[i]);
    tries.back().streams = 1;
  }
  constexpr int64_t kBatch = 8;
  const auto inputs = make_inputs(c.arguments, c.setup, kBatch);
  if (!inputs.ok() || !grows(c, *inputs) || tries[0].inputs) return;
  const auto shared = std::make_shared<const std::vector<bench::NamedTensor>>(*inputs);
  const size_t all = tries.size();
  for (size_t i = 0; i < all; ++i) {
    tries.push_back(tries[i]);
    tries.back().inputs = shared;
    tries.back().batch = kBatch;
  }
}

// The engine at each of its settings, numbered.
std::vector<Entry> at_all_settings(const Championship& c, const Entry& entry) {
  constexpr std::string_view kNative[] = {"{}", R"({"precision": "auto"})"};
  const rivals::Rival* rival = rivals::find_rival(entry.engine);
  std::vector<int> threads;
  for (int t = 1; t < c.setup.threads; t *= 2) threads.push_back(t);
  threads.push_back(std::max(1, c.setup.threads));
  std::vector<Entry> tries;
  for (const int t : threads) {
    for (const std::string_view tunable : rival ? rival->tunables : std::span<const std::string_view>(kNative)) {
      Entry with = with_threads(c.setup, entry, t);
      if (auto options = rivals::parse_document(tunable); options.ok()) with.options.update(*options);
      tries.push_back(std::move(with));
    }
  }
  if (c.concurrent()) add_streams_and_batches(c, tries);
  for (size_t i = 0; i < tries.size(); ++i) tries[i].label += format(" #{}", i);
  return tries;
}

}  // namespace

void tuned_race(Championship& c) {
  const std::vector<Entry> entries = best_of_each(c);
  const double share = 0.25 * c.budget / std::max<double>(1, static_cast<double>(entries.size()));
  std::vector<Entry> best;
  for (const Entry& entry : entries) {
    const std::vector<Entry> tries = at_all_settings(c, entry);
    const auto options = short_race(c, share);
    const auto tried = bench::run_race(tries, c.setup.inputs, options, c.gate.get(), live_view(c.arguments, share));
    const auto order = bench::by_turns(tried, options.scenario, 0.5);
    if (order.empty()) continue;
    const std::string& label = std::ranges::min_element(order, {}, &Candidate::value)->label;
    Entry chosen = *std::ranges::find(tries, label, &Entry::label);
    chosen.label = entry.label;
    best.push_back(std::move(chosen));
  }
  if (best.empty()) return;
  bench::RaceOptions options = c.setup.race;
  options.budget_seconds = 0.25 * c.budget;
  options.deadline_seconds = 0.25 * c.budget;
  const auto race =
      bench::run_race(best, c.setup.inputs, options, c.gate.get(), live_view(c.arguments, options.budget_seconds));
  Document tuned = {{"seconds_per_engine", share}};
  bench::add_race(tuned, race, options, c.setup.reference ? &*c.setup.reference : nullptr, 0.5);
  const auto candidates = bench::by_turns(race, options.scenario, 0.5);
  tuned["verdict"] =
      bench::verdict_document(bench::decide(candidates, race.floor), c.need, "tuned, median", candidates);
  c.setup.remarks.push_back("Tuned: " + rivals::text(tuned["verdict"], "text"));
  c.result["tuned"] = std::move(tuned);
}

void find_flips(Championship& c) {
  const std::vector<Entry> entries = best_of_each(c);
  if (entries.size() < 2 || c.need.name == "high-precision" || c.need.name == "cross-platform") return;
  std::vector<int> threads = {1};
  if (c.setup.threads > 1) threads.push_back(c.setup.threads);
  std::vector<std::pair<int, int64_t>> points;
  for (const int64_t batch : {int64_t{1}, int64_t{8}, int64_t{32}})
    for (const int t : threads) points.emplace_back(t, batch);
  const double share = 0.25 * c.budget / static_cast<double>(points.size());
  Document flips = Document::array();
  std::vector<std::string> last;
  for (const auto& [t, batch] : points) {
    if (c.spent() > (flips.empty() ? 2 : 1) * c.budget) {
      c.setup.remarks.emplace_back(
          "The budget ended before every batch size and number of threads was tried (--budget).");
      break;
    }
    const auto inputs = make_inputs(c.arguments, c.setup, batch);
    const bool own = std::ranges::any_of(entries, [](const Entry& entry) { return entry.inputs != nullptr; });
    if (!inputs.ok() || (batch > 1 && (own || !grows(c, *inputs)))) continue;
    std::vector<Entry> with;
    for (const Entry& entry : entries) with.push_back(with_threads(c.setup, entry, t));
    bench::RaceOptions options = short_race(c, share);
    options.scenario = Scenario::kSingle;
    options.rounds = 5;
    const auto race = bench::run_race(with, *inputs, options, nullptr, live_view(c.arguments, share));
    const auto candidates = bench::by_turns(race, options.scenario, 0.5);
    const auto verdict = bench::decide(candidates, 1.03);
    Document flip = {{"threads", t}, {"batch", batch}, {"winners", Document::array()}, {"times", Document::array()}};
    if (!verdict.champion.empty()) flip["winners"].push_back(verdict.champion);
    for (const std::string& label : verdict.tie) flip["winners"].push_back(label);
    for (const Candidate& candidate : candidates)
      flip["times"].push_back({{"label", candidate.label}, {"p50_s", candidate.value}});
    const auto now = flip["winners"].get<std::vector<std::string>>();
    // Only a clear winner who takes over from a clear winner is a flip.
    if (last.size() == 1 && now.size() == 1 && now != last)
      c.setup.remarks.push_back(format("{} wins at batch {} with {} threads.", now[0], batch, t));
    if (now.size() == 1) last = now;
    flips.push_back(std::move(flip));
  }
  c.result["flips"] = std::move(flips);
}

}  // namespace thane::cli
