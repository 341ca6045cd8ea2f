#include "bench/verdict.h"

#include <algorithm>

#include "base/format.h"

namespace thane::bench {
namespace {

constexpr Need kNeeds[] = {
    {"low-latency", "latency at batch 1", "For low latency, take TensorFlow Lite.", "litert"},
    {"high-throughput", "seconds per inference with several streams", "For throughput, take TensorFlow.", "tensorflow"},
    {"high-precision", "largest error against a float64 evaluation", "For high precision, take TensorFlow.",
     "tensorflow"},
    {"cross-platform", "targets that load the file and agree, of those asked", "To be cross-platform, take ONNX.",
     "onnx"},
    {"rapid-iteration", "seconds from a changed file to the first output", "For rapid iteration, take PyTorch.",
     "torch"},
    {"fast-deploy", "seconds to fetch and start cold", "For fast deployment, take PyTorch Lightning.", "lightning"},
};

std::vector<Pair> pairs_of(const Candidate& ours, const Candidate& theirs) {
  std::vector<Pair> pairs;
  for (const auto& [key, value] : ours.samples) {
    const auto found = theirs.samples.find(key);
    if (found != theirs.samples.end() && value > 0 && found->second > 0)
      pairs.push_back({value, found->second, key.first});
  }
  return pairs;
}

// "a, b and c"
std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return text;
}

}  // namespace

std::span<const Need> all_needs() { return kNeeds; }
const Need& need_named(std::string_view name) { return *std::ranges::find(kNeeds, name, &Need::name); }

Verdict decide(std::vector<Candidate> candidates, double floor) {
  Verdict verdict;
  if (candidates.empty()) return verdict;
  std::ranges::stable_sort(candidates, {}, &Candidate::value);
  const Candidate& best = candidates.front();
  std::vector<std::vector<Pair>> pairs;
  for (size_t i = 1; i < candidates.size(); ++i) pairs.push_back(pairs_of(best, candidates[i]));
  const std::vector<Ratio> ratios = bootstrap_ratios(pairs);
  bool alone = true;
  for (size_t i = 1; i < candidates.size(); ++i) {
    const Candidate& other = candidates[i];
    Ratio ratio = ratios[i - 1];
    if (pairs[i - 1].empty()) {
      // Exact: a value of 0 beats any other, and equals another 0.
      ratio.estimate = best.value > 0 ? other.value / best.value : other.value > 0 ? 1e9 : 1;
      ratio.interval = {ratio.estimate, ratio.estimate};
    }
    const bool rival = other.group != best.group;
    if (rival && verdict.runner_up.empty()) {
      verdict.margin = ratio;
      verdict.runner_up = other.label;
    }
    if (judge(ratio, floor) == Outcome::kFaster) continue;
    alone &= !rival;
    verdict.tie.push_back(other.label);
  }
  if (alone) {
    verdict.champion = best.label;
    verdict.alike = std::move(verdict.tie);
    verdict.tie.clear();
  } else {
    verdict.tie.insert(verdict.tie.begin(), best.label);
  }
  return verdict;
}

rivals::Document verdict_document(const Verdict& verdict, const Need& need, const std::string& measure,
                                  std::span<const Candidate> candidates) {
  rivals::Document out = {
      {"need", std::string(need.name)}, {"measure", measure}, {"champion", verdict.champion}, {"tie", verdict.tie}};
  out["alike"] = verdict.alike;
  out["values"] = rivals::Document::array();
  std::vector<Candidate> sorted(candidates.begin(), candidates.end());
  std::ranges::stable_sort(sorted, {}, &Candidate::value);
  for (const Candidate& candidate : sorted)
    out["values"].push_back({{"label", candidate.label}, {"value", candidate.value}});
  std::string text;
  if (!verdict.champion.empty()) {
    text = format("CHAMPION {} for {}", verdict.champion, need.name);
    if (!verdict.runner_up.empty()) {
      out["margin"] = {{"over", verdict.runner_up},
                       {"ratio", verdict.margin.estimate},
                       {"low", verdict.margin.interval.low},
                       {"high", verdict.margin.interval.high}};
      text += format(": {:.2f}x [{:.2f}, {:.2f}] ahead of {}", verdict.margin.estimate, verdict.margin.interval.low,
                     verdict.margin.interval.high, verdict.runner_up);
    }
    if (!verdict.alike.empty())
      text += "; " + listed(verdict.alike) + (verdict.alike.size() > 1 ? " do" : " does") + " as well";
  } else if (!verdict.tie.empty()) {
    text = "TIE for " + std::string(need.name) + ": no difference can be shown between " + listed(verdict.tie);
  } else {
    text = "nobody qualified for " + std::string(need.name);
  }
  out["text"] = text + " (" + measure + ")";
  return out;
}

std::vector<Candidate> by_turns(const RaceResult& race, Scenario scenario, double q) {
  std::vector<Candidate> out;
  for (const Standing& s : race.standings) {
    if (!s.counts()) continue;
    Candidate candidate{s.entry.label, s.entry.engine, 0, {}};
    std::vector<double> measures;
    for (const Standing::Turn& turn : s.turns) {
      const double measure = turn_measure(turn, scenario, q);
      candidate.samples[{turn.process, turn.round}] = measure;
      measures.push_back(measure);
    }
    std::vector<double> samples = s.samples();
    std::ranges::sort(samples);
    candidate.value = scenario == Scenario::kOffline ? median(measures) : quantile(samples, q);
    out.push_back(std::move(candidate));
  }
  return out;
}

namespace {

Candidate first_output_of(const Standing& s) {
  Candidate candidate{s.entry.label, s.entry.engine, 0, {}};
  std::vector<double> times;
  for (size_t i = 0; i < s.warm.size(); ++i) {
    candidate.samples[{static_cast<int>(i), 0}] = s.warm[i].to_first_output();
    times.push_back(s.warm[i].to_first_output());
  }
  candidate.value = times.empty() ? (s.cold ? s.cold->to_first_output() : 0) : median(times);
  return candidate;
}

}  // namespace

std::vector<Candidate> by_first_output(const RaceResult& race) {
  std::vector<Candidate> out;
  for (const Standing& s : race.standings)
    if (s.counts()) out.push_back(first_output_of(s));
  return out;
}

Ratio twins_first_output(const RaceResult& race) {
  if (!race.twin || race.standings.empty()) return {};
  return bootstrap_ratio(pairs_of(first_output_of(race.standings.front()), first_output_of(*race.twin)));
}

std::vector<Candidate> by_deployment(const RaceResult& race) {
  std::vector<Candidate> out;
  for (const Standing& s : race.standings) {
    if (!s.counts() || !s.cold) continue;
    out.push_back({s.entry.label,
                   s.entry.engine,
                   static_cast<double>(s.entry.installed_bytes) / kFetchBytesPerSecond + s.cold->to_first_output(),
                   {}});
  }
  return out;
}

}  // namespace thane::bench
