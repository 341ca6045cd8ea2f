// Judges the entries of a model pack whose format thane reads.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "base/threads.h"
#include "entry.h"
#include "isolated.h"

namespace {

constexpr int kSkipped = 77;  // what CTest takes for "did not run"
constexpr unsigned kSecondsPerEntry = 300;

std::string name_of(const nlohmann::json& entry) {
  std::string name = entry.at("path");
  for (const auto* key : {"case", "signature"}) {
    const auto part = entry.value(key, nlohmann::json());
    if (part.is_string() && !part.get<std::string>().empty()) name += " [" + part.get<std::string>() + "]";
  }
  return name;
}

// Why misses stay: lines of a pattern that the entry's name contains, a tab, and the reason.
class KnownMisses {
 public:
  explicit KnownMisses(const std::string& path) {
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
      const size_t tab = line.find('\t');
      if (tab != std::string::npos) rows_.emplace_back(line.substr(0, tab), line.substr(tab + 1));
    }
  }
  std::string reason(const std::string& name) const {
    for (const auto& [pattern, reason] : rows_) {
      if (name.find(pattern) != std::string::npos) return reason;
    }
    return {};
  }

 private:
  std::vector<std::pair<std::string, std::string>> rows_;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Compares real models with their frameworks' answers"};
  std::string index, variable, known_path, results_path;
  std::vector<std::string> filters, formats = {"onnx",   "torch_state", "lightning", "safetensors",
                                               "tflite", "saved_model", "graphdef",  "tf1_checkpoint"};
  int jobs = thane::usable_cores();
  bool verbose = false;
  app.add_option("--index", index, "index.json of the pack");
  app.add_option("--index-from", variable, "Environment variable that names the pack's folder");
  app.add_option("--filter", filters, "Only entries whose path contains this; may repeat");
  app.add_option("--format", formats, "Formats to judge");
  app.add_option("--jobs", jobs, "Entries run at the same time");
  app.add_option("--known", known_path, "File of misses that stay, with reasons");
  app.add_option("--json", results_path, "File to write the results to");
  app.add_flag("-v,--verbose", verbose, "Name what passes, too");
  CLI11_PARSE(app, argc, argv);

  if (!variable.empty()) {
    const char* folder = std::getenv(variable.c_str());
    if (!folder || !*folder) {
      std::printf("skipped: %s is not set\n", variable.c_str());
      return kSkipped;
    }
    index = std::string(folder) + "/index.json";
  }
  std::ifstream in(index);
  if (!in) {
    std::printf("skipped: there is no %s\n", index.c_str());
    return kSkipped;
  }
  std::vector<nlohmann::json> entries;
  for (const auto& entry : nlohmann::json::parse(in)) {
    const std::string path = entry.at("path"), format = entry.at("format");
    const auto found = [&](const std::string& filter) { return path.find(filter) != std::string::npos; };
    if (std::find(formats.begin(), formats.end(), format) == formats.end()) continue;
    if (filters.empty() || std::any_of(filters.begin(), filters.end(), found)) entries.push_back(entry);
  }
  const auto folder = std::filesystem::path(index).parent_path();
  const auto reasons = thane::run_isolated(entries.size(), jobs, kSecondsPerEntry,
                                           [&](size_t i) { return thane::judge(entries[i], folder); });
  const KnownMisses known(known_path);
  nlohmann::json results = nlohmann::json::array();
  size_t passed = 0, explained = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    const bool good = reasons[i].empty();
    const std::string name = name_of(entries[i]), why = good ? "" : known.reason(name);
    passed += good;
    explained += !why.empty();
    if (!good || verbose) {
      std::printf("%s %s%s%s\n",
                  good          ? "ok  "
                  : why.empty() ? "FAIL"
                                : "miss",
                  name.c_str(), good ? "" : ": ", reasons[i].c_str());
    }
    results.push_back({{"name", name},
                       {"format", entries[i].at("format")},
                       {"runs", entries[i].value("expect", "").empty()},
                       {"passed", good},
                       {"reason", why.empty() ? reasons[i] : why}});
  }
  if (!results_path.empty()) std::ofstream(results_path) << results.dump(1);
  std::printf("%zu of %zu passed, %zu known misses\n", passed, entries.size(), explained);
  return passed + explained == entries.size() && !entries.empty() ? 0 : 1;
}
