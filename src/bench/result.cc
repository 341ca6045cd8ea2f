#include "bench/result.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/cpu.h"
#include "base/format.h"
#include "bench/machine.h"

namespace thane::bench {
namespace {

using rivals::Document;

Document difference_document(const OutputReport& report) {
  const Difference& d = report.difference;
  Document out = {{"name", report.name}, {"within", d.within}};
  if (!d.structure.empty()) {
    out["structure"] = d.structure;
    return out;
  }
  out["max_error"] = d.max_error;
  out["mean_error"] = d.mean_error;
  out["cosine"] = d.cosine;
  if (d.rows > 0) out["top1_agreement"] = static_cast<double>(d.rows_agreeing) / static_cast<double>(d.rows);
  return out;
}

Document phases_document(const Phases& phases) {
  return {{"start_s", phases.start},
          {"open_s", phases.open},
          {"bind_s", phases.bind},
          {"first_s", phases.first},
          {"to_first_output_s", phases.to_first_output()}};
}

Phases median_phases(const std::vector<Phases>& all) {
  const auto middle = [&](double Phases::*field) {
    std::vector<double> values;
    for (const Phases& p : all) values.push_back(p.*field);
    return median(values);
  };
  return {middle(&Phases::start), middle(&Phases::open), middle(&Phases::bind), middle(&Phases::first)};
}

// The distribution as quantiles, no further out than samples support.
Document curve(std::vector<double> samples) {
  Document out = Document::array();
  std::ranges::sort(samples);
  for (const double q : {0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999}) {
    if (q == 0.5 || supports_quantile(samples.size(), q)) out.push_back({q, quantile(samples, q)});
  }
  return out;
}

Document standing_document(const Standing& s, Scenario scenario) {
  Document out = {{"label", s.entry.label},     {"engine", s.entry.engine}, {"variant", s.entry.variant},
                  {"model", s.entry.model},     {"kind", s.entry.kind},     {"threads", s.entry.threads},
                  {"options", s.entry.options}, {"versions", s.versions}};
  out["status"] = !s.failure.empty() ? "failed" : !s.disqualified.empty() ? "disqualified" : "ok";
  if (!s.failure.empty()) out["reason"] = s.failure;
  if (!s.disqualified.empty()) out["reason"] = s.disqualified;
  if (!s.failure.empty() && !s.printed.empty())
    out["printed"] = s.printed.substr(s.printed.size() - std::min<size_t>(s.printed.size(), 800));
  out["timed"] = s.timed;
  out["installed_bytes"] = s.entry.installed_bytes;
  out["outputs"] = Document::array();
  for (const OutputReport& report : s.outputs) out["outputs"].push_back(difference_document(report));
  if (s.task_accuracy) out["task_accuracy"] = *s.task_accuracy;
  if (s.cold) out["cold"] = phases_document(*s.cold);
  if (!s.warm.empty()) out["warm"] = phases_document(median_phases(s.warm));
  if (!s.ran()) return out;
  out["warmup_runs"] = s.warmup_runs;
  out["steady"] = s.steady;
  const std::vector<double> samples = s.samples();
  const Summary summary = summarise(samples);
  Document latency = {{"count", summary.count},
                      {"mean_s", summary.mean},
                      {"min_s", summary.min},
                      {"p50_s", summary.p50},
                      {"p50_low_s", summary.p50_interval.low},
                      {"p50_high_s", summary.p50_interval.high}};
  if (summary.p90) latency["p90_s"] = *summary.p90;
  if (summary.p99) latency["p99_s"] = *summary.p99;
  if (summary.p999) latency["p999_s"] = *summary.p999;
  latency["curve"] = curve(samples);
  out["latency"] = latency;
  double elapsed = 0, cpu = 0, joules = 0;
  size_t count = 0;
  bool energy = true;
  Document turns = Document::array();
  for (const Standing::Turn& turn : s.turns) {
    elapsed += turn.block.elapsed;
    cpu += turn.block.cpu_seconds;
    count += turn.block.samples.size() * static_cast<size_t>(turn.block.batch);
    energy = energy && turn.block.joules.has_value();
    joules += turn.block.joules.value_or(0);
    turns.push_back({turn.process, turn.round, turn_measure(turn, scenario, 0.5)});
  }
  out["turns"] = turns;
  out["throughput_per_s"] = static_cast<double>(count) / elapsed;
  out["cpu_seconds_per_inference"] = cpu / static_cast<double>(count);
  if (energy) out["joules_per_inference"] = joules / static_cast<double>(count);
  out["peak_bytes"] = s.peak_bytes;
  out["steady_bytes"] = s.steady_bytes;
  if (s.entry.streams > 0) out["streams"] = s.entry.streams;
  if (s.entry.batch > 1) out["batch"] = s.entry.batch;
  if (scenario == Scenario::kServer) {
    out["server_rate_per_s"] = s.server_rate;
    out["server_rate_missed_per_s"] = s.server_rate_missed;
  }
  return out;
}

std::string milliseconds(double seconds) { return format("{:.3g}", seconds * 1e3); }

std::string ratio_text(const Document& comparison) {
  return format("{:.2f}x [{:.2f}, {:.2f}]", rivals::real(comparison, "ratio"), rivals::real(comparison, "low"),
                rivals::real(comparison, "high"));
}

struct Column {
  std::string_view title;
  std::string (*cell)(const Document& standing);
};

std::string megabytes(double bytes) { return bytes > 0 ? format("{:.0f}", bytes / 1e6) : ""; }
std::string quantile_cell(const Document& s, std::string_view key) {
  const double value = rivals::real(rivals::member(s, "latency"), key, -1);
  return value < 0 ? "–" : milliseconds(value);
}

constexpr Column kColumns[] = {
    {"engine", [](const Document& s) { return rivals::text(s, "label"); }},
    {"gate",
     [](const Document& s) {
       const double accuracy = rivals::real(s, "task_accuracy", -1);
       return rivals::text(s, "gate") + (accuracy < 0 ? "" : format(" {:.1f}%", accuracy * 100));
     }},
    {"p50 ms [95% CI]",
     [](const Document& s) {
       const Document& l = rivals::member(s, "latency");
       if (!l.is_object()) return std::string();
       return format("{} [{}, {}]", milliseconds(rivals::real(l, "p50_s")), milliseconds(rivals::real(l, "p50_low_s")),
                     milliseconds(rivals::real(l, "p50_high_s")));
     }},
    {"p90", [](const Document& s) { return quantile_cell(s, "p90_s"); }},
    {"p99", [](const Document& s) { return quantile_cell(s, "p99_s"); }},
    {"per s",
     [](const Document& s) {
       return format("{:.4g}", rivals::real(s, "server_rate_per_s", rivals::real(s, "throughput_per_s")));
     }},
    {"CPU ms", [](const Document& s) { return milliseconds(rivals::real(s, "cpu_seconds_per_inference")); }},
    {"peak MB", [](const Document& s) { return megabytes(rivals::real(s, "peak_bytes")); }},
    {"load ms",
     [](const Document& s) {
       const Document& p = rivals::member(s, rivals::member(s, "warm").is_object() ? "warm" : "cold");
       return format("{:.0f}",
                     1e3 * (rivals::real(p, "start_s") + rivals::real(p, "open_s") + rivals::real(p, "bind_s")));
     }},
    {"first ms",
     [](const Document& s) {
       return milliseconds(
           rivals::real(rivals::member(s, rivals::member(s, "warm").is_object() ? "warm" : "cold"), "first_s"));
     }},
};

// Frameworks explain themselves at length; all of it is in the JSON and the report.
std::string shortened(std::string reason) {
  constexpr size_t kMost = 240;
  if (reason.size() <= kMost) return reason;
  size_t end = kMost;
  while (end > 0 && (reason[end] & 0xc0) == 0x80) --end;
  const size_t phase = reason.rfind(" in '");
  return reason.substr(0, end) + "…" + (phase != std::string::npos && phase > end ? reason.substr(phase) : "");
}

std::vector<std::vector<std::string>> rows_of(const Document& result) {
  std::vector<std::vector<std::string>> rows(1);
  for (const Column& column : kColumns) rows[0].emplace_back(column.title);
  rows[0].emplace_back("against it");
  for (const Document& standing : rivals::member(result, "standings")) {
    const std::string status = rivals::text(standing, "status");
    if (status != "ok") {
      rows.push_back({rivals::text(standing, "label"), status == "failed" ? "FAILED" : "DISQ",
                      shortened(rivals::text(standing, "reason"))});
      continue;
    }
    std::vector<std::string>& row = rows.emplace_back();
    for (const Column& column : kColumns) row.push_back(column.cell(standing));
    std::string against;
    for (const Document& comparison : rivals::member(result, "comparisons")) {
      if (rivals::text(comparison, "theirs") == rivals::text(standing, "label"))
        against = ratio_text(comparison) + (rivals::text(comparison, "outcome") == "tie" ? " tie" : "");
    }
    row.push_back(against);
  }
  return rows;
}

size_t width_of(const std::string& text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string closing_text(const Document& result) {
  std::string text;
  const Document& floor = rivals::member(result, "floor");
  if (floor.is_object())
    text += format("A/A noise {:.1f}%: smaller differences are ties. Ratios are times of the row ÷ times of {}.\n",
                   100 * (rivals::real(floor, "factor", 1) - 1), rivals::text(result, "baseline"));
  if (const Document& server = rivals::member(result, "server"); server.is_object())
    text +=
        format("per s: the highest rate of random arrivals whose p{:.0f}, waiting included, stays below {:.3g} ms.\n",
               100 * rivals::real(server, "quantile"), 1e3 * rivals::real(server, "bound_s"));
  if (const Document& reference = rivals::member(result, "reference"); reference.is_object())
    text +=
        format("Outputs compared with {} ({}).\n", rivals::text(reference, "label"), rivals::text(reference, "why"));
  for (const Document& line : rivals::member(result, "remarks")) {
    if (line.is_string()) text += line.get<std::string>() + "\n";
  }
  if (const Document& verdict = rivals::member(result, "verdict"); verdict.is_object())
    text += rivals::text(verdict, "text") + "\n";
  if (const std::string id = rivals::text(result, "id"); !id.empty()) text += format("repeat: thane replay {}\n", id);
  return text;
}

}  // namespace

double common_quantile(const RaceResult& result) {
  for (const double q : {0.99, 0.9}) {
    const bool all = std::ranges::all_of(
        result.standings, [&](const Standing& s) { return !s.counts() || supports_quantile(s.samples().size(), q); });
    if (all) return q;
  }
  return 0.5;
}

void add_race(Document& out, const RaceResult& result, const RaceOptions& options, const Reference* reference,
              double q) {
  out["scenario"] = scenario_name(options.scenario);
  out["race"] = {{"processes", options.processes},
                 {"rounds", options.rounds},
                 {"budget_s", options.budget_seconds},
                 {"streams", options.streams},
                 {"seed", options.seed}};
  if (reference) out["reference"] = {{"label", reference->label}, {"why", reference->why}};
  if (options.scenario == Scenario::kServer)
    out["server"] = {{"bound_s", result.bound.seconds}, {"quantile", result.bound.quantile}};
  if (result.twin) {
    out["floor"] = {{"factor", result.floor},
                    {"twins", result.twins.estimate},
                    {"low", result.twins.interval.low},
                    {"high", result.twins.interval.high}};
  }
  out["standings"] = Document::array();
  for (const Standing& s : result.standings) {
    Document standing = standing_document(s, options.scenario);
    standing["gate"] = !reference ? "" : s.outputs.empty() ? "" : "ok";
    out["standings"].push_back(std::move(standing));
  }
  out["comparisons"] = Document::array();
  const auto first = std::ranges::find_if(result.standings, &Standing::counts);
  if (first == result.standings.end()) return;
  out["baseline"] = first->entry.label;
  std::vector<const Standing*> others;
  std::vector<std::vector<Pair>> pairs;
  for (const Standing& s : result.standings) {
    if (&s == &*first || !s.counts()) continue;
    if (options.scenario == Scenario::kServer && !(s.server_rate > 0 && first->server_rate > 0)) continue;
    others.push_back(&s);
    pairs.push_back(paired(*first, s, options.scenario, q));
  }
  std::vector<Ratio> ratios = bootstrap_ratios(pairs, options.seed);
  // Rates are searched for: between the highest kept and the lowest missed.
  for (size_t i = 0; i < others.size() && options.scenario == Scenario::kServer; ++i) {
    const Standing& s = *others[i];
    ratios[i].estimate = first->server_rate / s.server_rate;
    ratios[i].interval = {first->server_rate / s.server_rate_missed, first->server_rate_missed / s.server_rate};
  }
  for (size_t i = 0; i < others.size(); ++i) {
    const Outcome outcome = judge(ratios[i], result.floor);
    out["comparisons"].push_back({{"ours", first->entry.label},
                                  {"theirs", others[i]->entry.label},
                                  {"quantile", q},
                                  {"ratio", ratios[i].estimate},
                                  {"low", ratios[i].interval.low},
                                  {"high", ratios[i].interval.high},
                                  {"outcome", outcome == Outcome::kTie      ? "tie"
                                              : outcome == Outcome::kFaster ? "faster"
                                                                            : "slower"}});
  }
}

Document machine_document() {
  const Machine machine = read_machine();
  const Noise noise = measure_noise(200);
  const CpuFacts& cpu = cpu_facts();
  return {{"cpu", cpu.model},
          {"isa", std::string(isa_name(cpu.best))},
          {"cores", cpu.usable_cores},
          {"quota", machine.cpu_quota},
          {"l2_bytes", cpu.l2_bytes},
          {"l3_bytes", cpu.l3_bytes},
          {"memory_bytes", machine.memory_bytes},
          {"governor", machine.governor},
          {"load", machine.load},
          {"noise", noise.spread}};
}

std::string text_of(const Document& result) {
  const auto rows = rows_of(result);
  std::vector<size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (row.size() > 3 || i + 1 < row.size()) widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] + 2 - std::min(widths[i] + 1, width_of(row[i])), ' ');
    }
    while (line.ends_with(' ')) line.pop_back();
    text += line + "\n";
  }
  return text + "\n" + closing_text(result);
}

std::string markdown_of(const Document& result) {
  const auto rows = rows_of(result);
  std::string text;
  if (const std::string need = rivals::text(result, "need"); !need.empty()) text += format("# {}\n\n", need);
  for (size_t r = 0; r < rows.size(); ++r) {
    text += "|";
    for (size_t i = 0; i < rows[0].size(); ++i) text += " " + (i < rows[r].size() ? rows[r][i] : "") + " |";
    text += "\n";
    if (r > 0) continue;
    text += "|";
    for (size_t i = 0; i < rows[0].size(); ++i) text += "---|";
    text += "\n";
  }
  const Document& manifest = rivals::member(result, "manifest");
  return text + "\n" + closing_text(result) + format("\n`{}`\n", rivals::text(manifest, "command"));
}

}  // namespace thane::bench
