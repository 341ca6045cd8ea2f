// Runs the cases of ONNX backend suites.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/threads.h"
#include "case.h"
#include "isolated.h"

namespace {

constexpr unsigned kSecondsPerCase = 120;

void write_json(const std::string& path, const std::vector<thane::Case>& cases,
                const std::vector<std::string>& reasons) {
  auto list = nlohmann::ordered_json::array();
  for (size_t i = 0; i < cases.size(); ++i) {
    nlohmann::ordered_json entry = {{"suite", cases[i].suite},
                                    {"folder", cases[i].model.parent_path().parent_path().string()},
                                    {"name", cases[i].name},
                                    {"passed", reasons[i].empty()}};
    if (!reasons[i].empty()) entry["reason"] = reasons[i];
    list.push_back(std::move(entry));
  }
  std::ofstream(path) << list.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Runs ONNX backend-test suites through thane"};
  std::vector<std::string> folders;
  std::vector<std::string> filters;
  std::string json;
  int jobs = thane::usable_cores();
  int64_t least = 0;
  bool quiet = false;
  app.add_option("--data", folders, "Folder of cases (test_*/model.onnx, or light_*.onnx); may repeat")->required();
  app.add_option("--filter", filters, "Only cases whose name contains this; may repeat");
  app.add_option("--json", json, "Write every result here");
  app.add_option("--jobs", jobs, "Cases run at the same time");
  app.add_option("--min", least, "Fail unless so many pass");
  app.add_flag("-q,--quiet", quiet, "Only the totals");
  CLI11_PARSE(app, argc, argv);

  std::vector<thane::Case> cases;
  for (const std::string& folder : folders) {
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error)) {
      std::fprintf(stderr, "conformance: no folder %s\n", folder.c_str());
      return 2;
    }
    for (thane::Case& test : thane::find_cases(folder)) {
      const bool wanted = filters.empty() || std::any_of(filters.begin(), filters.end(), [&](const auto& filter) {
                            return test.name.find(filter) != std::string::npos;
                          });
      if (wanted) cases.push_back(std::move(test));
    }
  }
  const auto reasons =
      thane::run_isolated(cases.size(), jobs, kSecondsPerCase, [&](size_t i) { return thane::run_case(cases[i]); });
  int64_t passed = 0;
  for (size_t i = 0; i < cases.size(); ++i) {
    if (reasons[i].empty())
      ++passed;
    else if (!quiet)
      std::printf("FAIL %s/%s: %s\n", cases[i].suite.c_str(), cases[i].name.c_str(), reasons[i].c_str());
  }
  if (!json.empty()) write_json(json, cases, reasons);
  std::printf("%lld of %zu passed\n", static_cast<long long>(passed), cases.size());
  return passed >= least && !cases.empty() ? 0 : 1;
}
