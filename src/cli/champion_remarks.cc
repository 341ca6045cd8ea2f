// champion: what is worth knowing beside the winner.
#include <filesystem>

#include "base/format.h"
#include "cli/championship.h"

namespace thane::cli {

using rivals::Document;

void add_pareto(Championship& c) {
  std::vector<const bench::Standing*> who;
  std::vector<std::vector<double>> points;
  bool all_errors = true;
  for (const bench::Standing& s : c.race.standings) {
    if (!s.counts()) continue;
    who.push_back(&s);
    std::vector<double> point = {bench::median(s.samples()), static_cast<double>(s.peak_bytes),
                                 static_cast<double>(s.entry.installed_bytes), s.cold ? s.cold->to_first_output() : 0};
    const auto error = c.errors.find(s.entry.label);
    all_errors &= error != c.errors.end();
    point.push_back(error != c.errors.end() ? error->second.max : 0);
    points.push_back(std::move(point));
  }
  Document measures = {"p50_s", "peak_bytes", "installed_bytes", "cold_first_output_s"};
  if (all_errors) {
    measures.push_back("error64");
  } else {
    for (auto& point : points) point.pop_back();
  }
  Document front = Document::array();
  for (const size_t i : bench::pareto_front(points)) front.push_back(who[i]->entry.label);
  c.result["pareto"] = {{"measures", std::move(measures)}, {"front", std::move(front)}};
}

void add_folklore(Championship& c) {
  const bench::Need& need = c.need;
  const auto stands_for = [&](const std::string& label) {
    for (const bench::Standing& s : c.race.standings)
      if (s.entry.label == label && s.entry.engine == need.champion) return true;
    for (const ModelFile& file : c.setup.files)
      if (std::filesystem::path(file.path).filename().string() == label && file.kind == need.champion) return true;
    return false;
  };
  // Guides name an engine, or for cross-platform a kind of file.
  bool took_part = false;
  for (const ModelFile& file : c.setup.files) took_part |= file.kind == need.champion;
  for (const bench::Standing& s : c.race.standings) took_part |= s.counts() && s.entry.engine == need.champion;
  bool held = stands_for(c.verdict.champion);
  for (const std::string& label : c.verdict.tie) held |= stands_for(label);
  Document folklore = {{"claim", std::string(need.claim)}, {"names", std::string(need.champion)}};
  folklore["held"] = took_part ? Document(held) : Document(nullptr);
  c.setup.remarks.push_back(format("Guides say: {} {}", need.claim,
                                   !took_part ? "It took no part here."
                                   : held     ? "It held here."
                                              : "It did not hold here."));
  c.result["folklore"] = std::move(folklore);
}

}  // namespace thane::cli
