// torch_cases FOLDER [--only PART]: runs every NAME.pt2 and NAME.pt there on the inputs in NAME.bin and compares with
// the results in it. Prints what fails and why, then a summary. Exit status 1 when anything failed.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/pipeline.h"
#include "base/file.h"
#include "base/format.h"
#include "compare.h"
#include "isolated.h"

namespace thane {
namespace {

namespace fs = std::filesystem;

struct Run {
  std::vector<Value> inputs, outputs;
};
struct Expected {
  uint32_t samples = 0;
  std::vector<Run> runs;  // follow each other in one session
};

// How many runs and samples; for each run how many inputs and outputs, then these: dtype, rank, dims, bytes.
Result<Expected> read_expected(const fs::path& path) {
  THANE_ASSIGN(const auto file, MappedFile::open(path));
  auto rest = file->bytes();
  bool short_of_bytes = false;
  const auto take = [&](void* to, size_t count) {
    if (count > rest.size()) return void(short_of_bytes = true);
    if (count > 0) std::memcpy(to, rest.data(), count);
    rest = rest.subspan(count);
  };
  uint32_t head[2] = {};
  take(head, sizeof head);
  Expected expected{head[1], {}};
  for (uint32_t run = 0; run < head[0] && !short_of_bytes; ++run) {
    uint32_t counts[2] = {};
    take(counts, sizeof counts);
    expected.runs.emplace_back();
    for (uint32_t i = 0; i < counts[0] + counts[1] && !short_of_bytes; ++i) {
      uint8_t type[2] = {};
      take(type, 2);
      Dims dims(type[1]);
      take(dims.data(), dims.size() * sizeof(int64_t));
      if (short_of_bytes) break;
      THANE_ASSIGN(Tensor tensor, Tensor::allocate(static_cast<DType>(type[0]), dims));
      take(tensor.raw(), tensor.size_bytes());
      (i < counts[0] ? expected.runs.back().inputs : expected.runs.back().outputs).emplace_back(std::move(tensor));
    }
  }
  if (short_of_bytes) return invalid_argument("the file of expected results is short").at(path);
  return expected;
}

Tolerance tolerance_for(DType dtype) {
  switch (dtype) {
    case DType::kFloat64:
    case DType::kComplex128: return {1e-7, 1e-7, {}};
    case DType::kFloat16: return {2e-3, 2e-3, {}};
    case DType::kBFloat16: return {1.6e-2, 1.6e-2, {}};
    case DType::kFloat32:
    case DType::kComplex64: return {1e-4, 2e-5, {}};
    default: return {0, 0, {}};
  }
}

Result<std::string> judge(const fs::path& path) {
  fs::path bin = path;
  bin.replace_extension(".bin");
  THANE_ASSIGN(const Expected expected, read_expected(bin));
  THANE_ASSIGN(const Model model, open_model(path));
  PipelineOptions options;
  options.session.threads = 1;
  THANE_ASSIGN(const auto session, make_session(model, options));
  for (size_t run = 0; run < expected.runs.size(); ++run) {
    const std::vector<Value>& wanted = expected.runs[run].outputs;
    THANE_ASSIGN(const std::vector<Value> outputs, session->run(expected.runs[run].inputs));
    if (outputs.size() != wanted.size()) return format("{} outputs instead of {}", outputs.size(), wanted.size());
    for (size_t i = 0; i < outputs.size(); ++i) {
      const std::string difference = compare(outputs[i], wanted[i], tolerance_for(wanted[i].tensor().dtype()));
      if (!difference.empty()) return format("run {}, output {}: {}", run, i, difference);
    }
  }
  return std::string();
}

std::string reason_for(const fs::path& path) {
  auto verdict = judge(path);
  if (!verdict.ok()) return verdict.error().to_string();
  return *verdict;
}

// "add-float32-3" → "add"
std::string op_of(const fs::path& path) {
  const std::string name = path.stem().string();
  return name.substr(0, name.find('-'));
}

int run(const fs::path& folder, const std::string& only, bool inside) {
  std::vector<fs::path> programs;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string ending = entry.path().extension().string();
    if (ending != ".pt2" && ending != ".pt") continue;
    if (entry.path().filename().string().find(only) != std::string::npos) programs.push_back(entry.path());
  }
  std::sort(programs.begin(), programs.end());
  std::vector<std::string> reasons(programs.size());
  if (inside) {
    for (size_t i = 0; i < programs.size(); ++i) reasons[i] = reason_for(programs[i]);
  } else {
    reasons = run_isolated(programs.size(), 2, 60, [&](size_t i) { return reason_for(programs[i]); });
  }
  size_t failed = 0, cases = 0, passed_cases = 0;
  std::set<std::string> ops, failing;
  for (size_t i = 0; i < programs.size(); ++i) {
    fs::path bin = programs[i];
    const auto expected = read_expected(bin.replace_extension(".bin"));
    const size_t samples = expected.ok() ? expected->samples : 1;
    cases += samples;
    ops.insert(op_of(programs[i]));
    if (reasons[i].empty()) {
      passed_cases += samples;
      continue;
    }
    ++failed;
    failing.insert(op_of(programs[i]));
    std::printf("FAIL %s: %s\n", programs[i].filename().c_str(), reasons[i].c_str());
  }
  std::printf("%zu of %zu programs pass; %zu of %zu cases; %zu ops, %zu of them with failures\n",
              programs.size() - failed, programs.size(), passed_cases, cases, ops.size(), failing.size());
  return failed > 0 || programs.empty();
}

}  // namespace
}  // namespace thane

int main(int argc, char** argv) {
  std::string folder, only;
  bool inside = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--only" && i + 1 < argc)
      only = argv[++i];
    else if (argument == "--inside")
      inside = true;
    else
      folder = argument;
  }
  if (folder.empty()) {
    std::fprintf(stderr, "torch_cases FOLDER [--only PART] [--inside]\n");
    return 2;
  }
  return thane::run(folder, only, inside);
}
