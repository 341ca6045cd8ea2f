// Runs the cases of ONNX backend suites, each in a process of its own: one that crashes or hangs fails alone.
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/format.h"
#include "base/threads.h"
#include "case.h"

namespace {

struct Running {
  pid_t process;
  int pipe;
  size_t index;
};

constexpr unsigned kSecondsPerCase = 120;
// A child's first byte, so that a crash before any answer is told from success.
constexpr char kAnswered = '=';

Running start(const thane::Case& test, size_t index) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) std::abort();
  std::fflush(stdout);
  const pid_t process = ::fork();
  if (process < 0) std::abort();
  if (process == 0) {
    ::close(ends[0]);
    ::alarm(kSecondsPerCase);
    const std::string answer = kAnswered + thane::run_case(test);
    for (size_t done = 0; done < answer.size();) {
      const ssize_t n = ::write(ends[1], answer.data() + done, answer.size() - done);
      if (n <= 0) break;
      done += static_cast<size_t>(n);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  return {process, ends[0], index};
}

std::string finish(const Running& running) {
  std::string answer;
  std::array<char, 4096> buffer{};
  for (ssize_t n; (n = ::read(running.pipe, buffer.data(), buffer.size())) > 0;) {
    answer.append(buffer.data(), static_cast<size_t>(n));
  }
  ::close(running.pipe);
  int status = 0;
  ::waitpid(running.process, &status, 0);
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    if (signal == SIGALRM) return thane::format("no end after {} s", kSecondsPerCase);
    return thane::format("crash: {}", ::strsignal(signal));
  }
  if (answer.empty() || answer[0] != kAnswered) return thane::format("exit {}", WEXITSTATUS(status));
  return answer.substr(1);
}

// Reasons by case; empty: passed.
std::vector<std::string> run_all(const std::vector<thane::Case>& cases, size_t jobs) {
  std::vector<std::string> reasons(cases.size());
  std::vector<Running> running;
  for (size_t next = 0; next < cases.size() || !running.empty();) {
    while (next < cases.size() && running.size() < jobs) {
      running.push_back(start(cases[next], next));
      ++next;
    }
    reasons[running.front().index] = finish(running.front());
    running.erase(running.begin());
  }
  return reasons;
}

void write_json(const std::string& path, const std::vector<thane::Case>& cases,
                const std::vector<std::string>& reasons) {
  auto list = nlohmann::ordered_json::array();
  for (size_t i = 0; i < cases.size(); ++i) {
    nlohmann::ordered_json entry = {
        {"suite", cases[i].suite}, {"folder", cases[i].model.parent_path().parent_path().string()},
        {"name", cases[i].name}, {"passed", reasons[i].empty()}};
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
  const auto reasons = run_all(cases, static_cast<size_t>(std::max(jobs, 1)));
  int64_t passed = 0;
  for (size_t i = 0; i < cases.size(); ++i) {
    if (reasons[i].empty()) ++passed;
    else if (!quiet) std::printf("FAIL %s/%s: %s\n", cases[i].suite.c_str(), cases[i].name.c_str(), reasons[i].c_str());
  }
  if (!json.empty()) write_json(json, cases, reasons);
  std::printf("%lld of %zu passed\n", static_cast<long long>(passed), cases.size());
  return passed >= (least > 0 ? least : static_cast<int64_t>(0)) && !cases.empty() ? 0 : 1;
}
