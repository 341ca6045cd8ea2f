// robustness: reads damaged model files and checks that each gives a typed error or a valid model, within the limits.
//
//   robustness truncate FILE…               every proper prefix of each file
//   robustness mutate COUNT SEED FILE…      COUNT structured mutations, spread over the files
//   robustness truncate-checkpoint FILE…, mutate-checkpoint COUNT SEED FILE…   the same for checkpoints, byte by byte
//
// Exit status 1, with the damaged file kept and named, when a limit is broken; a crash is the sanitizers' or the
// shell's to report: the file being read is always at the path printed first.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/file.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/onnx/reader.h"
#include "memory_meter.h"
#include "protobuf_tree.h"

namespace thane::test {
namespace {

constexpr double kMostSeconds = 2.0;
constexpr int64_t kMostElements = 1 << 16;
constexpr int64_t kMostBytes = int64_t{64} << 20;  // beyond the file's own size

struct Tally {
  int64_t valid = 0, errors = 0, broken = 0;
};

// The sanitizers slow everything down, and the machine may be busy: time is the process's own.
double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

Status read_model(const std::shared_ptr<const MappedFile>& file) {
  auto model = read_onnx(file, {});
  if (!model.ok()) return std::move(model).error();
  auto status = verify(model->graph);
  if (!status.ok()) std::printf("BROKEN an invalid graph: %s\n", status.error().to_string().c_str());
  return status.ok() ? ok() : Status(Error{});  // an error without a message is never right
}

// Checksums would refuse nearly all damage at once: they are left out, and what is listed is read.
Status read_weights(const std::shared_ptr<const MappedFile>& file) {
  THANE_ASSIGN(const Checkpoint checkpoint, read_checkpoint(file));
  for (const CheckpointTensor& tensor : checkpoint.tensors) {
    if (tensor.tensor.size() <= kMostElements) THANE_TRY(tensor.tensor.dense());
  }
  return ok();
}

class Reader {
 public:
  explicit Reader(bool checkpoints) : read_(checkpoints ? read_weights : read_model) {
    const bool memory = ::access("/dev/shm", W_OK) == 0;  // a disk would be most of the time
    path_ = std::string(memory ? "/dev/shm" : "/tmp") + "/thane-robustness-" + std::to_string(::getpid()) + ".onnx";
    std::printf("reading through %s\n", path_.c_str());
  }
  ~Reader() {
    if (tally_.broken == 0) ::unlink(path_.c_str());
  }

  bool read(const std::string& bytes, const std::string& what) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
    auto file = MappedFile::open(path_);
    if (!file.ok()) return complain(what, "cannot reopen the damaged file");
    const double start = cpu_seconds();
    const int64_t before = bytes_in_use();
    reset_peak();
    {
      const auto status = read_(*file);
      ++(status.ok() ? tally_.valid : tally_.errors);
      if (!status.ok() && status.error().what.empty()) return complain(what, "an error without a message");
    }
    const double seconds = cpu_seconds() - start;
    const int64_t used = peak_bytes() - before;
    if (seconds > kMostSeconds) return complain(what, "took " + std::to_string(seconds) + " s");
    if (used > kMostBytes + static_cast<int64_t>(bytes.size())) {
      return complain(what, "used " + std::to_string(used) + " bytes");
    }
    return true;
  }

  const Tally& tally() const { return tally_; }

 private:
  bool complain(const std::string& what, const std::string& problem) {
    std::printf("BROKEN %s: %s (kept: %s)\n", what.c_str(), problem.c_str(), path_.c_str());
    ++tally_.broken;
    return false;
  }

  Status (*read_)(const std::shared_ptr<const MappedFile>& file);
  std::string path_;
  Tally tally_;
};

std::string slurp(const char* path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    std::fprintf(stderr, "robustness: cannot read %s\n", path);
    std::exit(2);
  }
  return {std::istreambuf_iterator<char>(in), {}};
}

bool truncate(Reader& reader, const char* path) {
  const std::string bytes = slurp(path);
  for (size_t length = 0; length < bytes.size(); ++length) {
    if (!reader.read(bytes.substr(0, length), std::string(path) + " cut at " + std::to_string(length))) return false;
  }
  return true;
}

bool mutations(Reader& reader, int64_t count, uint64_t seed, const std::vector<const char*>& paths) {
  std::mt19937_64 random(seed);
  std::vector<std::vector<ProtoField>> originals;
  for (const char* path : paths) {
    auto& fields = originals.emplace_back();
    if (!parse_message(slurp(path), fields)) {
      std::fprintf(stderr, "robustness: %s is no protobuf message\n", path);
      return false;
    }
  }
  for (int64_t i = 0; i < count; ++i) {
    const size_t which = random() % originals.size();
    auto damaged = originals[which];
    mutate(damaged, random);
    const std::string what = std::string(paths[which]) + " mutation " + std::to_string(i);
    if (!reader.read(write_message(damaged), what)) return false;
  }
  return true;
}

// A few bytes changed, taken out, or copied from elsewhere; biased to sizes and offsets.
std::string damaged(std::string bytes, std::mt19937_64& random) {
  for (uint64_t i = 0, count = 1 + random() % 3; i < count && bytes.size() > 8; ++i) {
    const size_t at = random() % (bytes.size() - 8), from = random() % (bytes.size() - 8);
    constexpr uint32_t kInteresting[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x10000};
    switch (random() % 5) {
      case 0: bytes[at] = static_cast<char>(random()); break;
      case 1: bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8)); break;
      case 2: std::memcpy(&bytes[at], &kInteresting[random() % std::size(kInteresting)], 4); break;
      case 3: bytes.erase(at, 1 + random() % 8); break;
      default: bytes.insert(at, bytes.substr(from, 1 + random() % 16)); break;
    }
  }
  return bytes;
}

bool byte_mutations(Reader& reader, int64_t count, uint64_t seed, const std::vector<const char*>& paths) {
  std::mt19937_64 random(seed);
  std::vector<std::string> originals;
  for (const char* path : paths) originals.push_back(slurp(path));
  for (int64_t i = 0; i < count; ++i) {
    const size_t which = random() % originals.size();
    const std::string what = std::string(paths[which]) + " mutation " + std::to_string(i);
    if (!reader.read(damaged(originals[which], random), what)) return false;
  }
  return true;
}

}  // namespace
}  // namespace thane::test

int main(int argc, char** argv) {
  using namespace thane::test;
  const std::string mode = argc > 1 ? argv[1] : "";
  const bool checkpoints = mode.ends_with("-checkpoint");
  Reader reader(checkpoints);
  bool good = false;
  if (argc > 2 && mode.starts_with("truncate")) {
    good = true;
    for (int i = 2; i < argc && good; ++i) good = truncate(reader, argv[i]);
  } else if (argc > 4 && mode.starts_with("mutate")) {
    const auto mutate_all = checkpoints ? byte_mutations : mutations;
    good = mutate_all(reader, std::atoll(argv[2]), std::strtoull(argv[3], nullptr, 10), {argv + 4, argv + argc});
  } else {
    std::fprintf(stderr, "usage: robustness truncate[-checkpoint] FILE… | mutate[-checkpoint] COUNT SEED FILE…\n");
    return 2;
  }
  const Tally& tally = reader.tally();
  std::printf("%lld valid, %lld typed errors, %lld broken\n", static_cast<long long>(tally.valid),
              static_cast<long long>(tally.errors), static_cast<long long>(tally.broken));
  return good ? 0 : 1;
}
