// hostile CORPUS_FOLDER: opens every file of a corpus (make_corpus.py) in a process of its own that may neither start
// programs, nor connect, nor write, within 1 GiB and 20 s; reads everything in it, and holds the outcome against
// corpus.json. First the sandbox itself is proved: what it forbids must kill.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/threads.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/containers/pickle_text.h"
#include "formats/lightning/training.h"
#include "formats/recognise.h"
#include "isolated.h"
#include "sandbox.h"

namespace {

using Json = nlohmann::json;

constexpr unsigned kSeconds = 20;
constexpr rlim_t kMostMemory = rlim_t{1} << 30;

bool confine() {
  const rlimit memory{kMostMemory, kMostMemory};
  return ::setrlimit(RLIMIT_AS, &memory) == 0 && thane::forbid_side_effects();
}

// What a user's command would touch: names, every tensor's elements, the printed tree.
thane::Status read_all(const std::string& path) {
  (void)thane::recognise(path);
  auto file = thane::MappedFile::open(path);
  if (!file.ok()) return std::move(file).error();
  auto checkpoint = thane::read_checkpoint(std::move(*file), {.verify = true});
  if (!checkpoint.ok()) return std::move(checkpoint).error();
  for (const auto& tensor : checkpoint->tensors) {
    auto dense = tensor.tensor.dense();
    if (!dense.ok()) return std::move(dense).error();
    for (int64_t i = 0; i < std::min<int64_t>(dense->size(), 16); ++i) {
      if (dense->aligned()) (void)dense->as_double(i);
    }
  }
  if (checkpoint->root()) (void)thane::pickle_text(*checkpoint->root(), 100'000);
  (void)thane::lightning::training_of(*checkpoint);
  (void)checkpoint->shared_storage();
  return thane::ok();
}

std::string judge(const std::filesystem::path& folder, const Json& entry) {
  if (!confine()) return "this kernel has no seccomp filters";
  const auto status = read_all(folder / entry.at("file").get<std::string>());
  const std::string expect = entry.at("expect");
  if (!status.ok() && status.error().what.empty()) return "an error without a message";
  if (expect == "error" && status.ok()) return "accepted";
  if (expect == "inert" && !status.ok()) return "refused: " + status.error().to_string();
  return "";
}

// Each of these must kill the process; returning is the failure.
std::string transgress(size_t which, const std::string& folder) {
  if (!confine()) return "this kernel has no seccomp filters";
  const std::string path = folder + "/canary";
  switch (which) {
    case 0: ::execl("/bin/true", "true", nullptr); break;
    case 1: (void)::socket(AF_INET, SOCK_STREAM, 0); break;
    case 2: (void)::open(path.c_str(), O_WRONLY | O_CREAT, 0600); break;
    default: (void)::unlink(path.c_str()); break;
  }
  return "the sandbox let it pass";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: hostile CORPUS_FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  const auto proofs = thane::run_isolated(4, 1, kSeconds, [&](size_t i) { return transgress(i, folder); });
  for (const std::string& proof : proofs) {
    if (proof.find("crash") == std::string::npos) {
      std::printf("FAIL sandbox: %s\n", proof.c_str());
      return 1;
    }
  }
  std::ifstream in(folder / "corpus.json");
  const std::vector<Json> entries = Json::parse(in);
  const auto reasons = thane::run_isolated(entries.size(), thane::usable_cores(), kSeconds,
                                           [&](size_t i) { return judge(folder, entries[i]); });
  size_t passed = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    passed += reasons[i].empty();
    if (!reasons[i].empty())
      std::printf("FAIL %s: %s\n", entries[i].at("file").get<std::string>().c_str(), reasons[i].c_str());
  }
  const bool fired = std::filesystem::exists(folder / "canary");
  if (fired) std::printf("FAIL the canary fired: code of a file was run\n");
  std::printf("%zu of %zu files behaved\n", passed, entries.size());
  return passed == entries.size() && !entries.empty() && !fired ? 0 : 1;
}
