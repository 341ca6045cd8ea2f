// One engine with one model in one fresh process: its phases, its outputs, its times.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ir/tensor.h"
#include "rivals/child.h"

namespace thane::bench {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

// Who takes part: an engine, a file it opens, and settings.
struct Entry {
  std::string label;    // "torch (compile)"; unique in a race
  std::string engine;   // "native" or a rival's name
  std::string variant;  // empty: as documented
  std::string model;    // path
  std::string kind;     // rivals/kind.h
  int threads = 1;
  int streams = 0;    // of the multi and offline scenarios; 0: the race's
  int64_t batch = 1;  // inferences that one run of its own inputs is, for throughput
  rivals::Document options = rivals::Document::object();  // for the worker
  rivals::Launch launch;
  int64_t installed_bytes = 0;                             // engine and model
  std::shared_ptr<const std::vector<NamedTensor>> inputs;  // its own; null: the race's
};

struct Limits {
  double open_seconds = 180, run_seconds = 60;
};

struct Phases {
  double start = 0;  // process, interpreter, the framework's own start
  double open = 0, bind = 0, first = 0;
  double to_first_output() const { return start + open + bind + first; }
};

struct Block {
  std::vector<double> samples;  // seconds per inference
  double elapsed = 0, cpu_seconds = 0;
  int64_t batch = 1;  // inferences per sample
  std::optional<double> joules;
};

class Contestant {
 public:
  // Starts the process and opens the model. With `cold`, the model's pages leave the system's cache first.
  static Result<std::unique_ptr<Contestant>> open(const Entry& entry, const Limits& limits, bool cold);

  // What the engine says it takes: names, dtypes, shapes (a document as in workers/protocol.py).
  const rivals::Document& inputs() const { return inputs_; }
  const std::string& timed() const { return timed_; }  // what stands inside the timed region
  const rivals::Document& versions() const { return versions_; }

  // Hands over the inputs and runs once. The outputs are those of this first run.
  Result<std::vector<NamedTensor>> first_run(const std::vector<NamedTensor>& inputs);
  // Values inside the model, where the engine can show them; what it cannot is left out.
  Result<std::vector<NamedTensor>> inside(const std::vector<std::string>& names);

  // Runs one after the other: at least `least`, then until `seconds` are over, at most `most`; `settle` runs before the
  // clock starts.
  Result<Block> block(double seconds, size_t least, size_t most, int settle);
  Result<Block> streams(int streams, double seconds);               // several at a time
  Result<Block> serve(double rate, double seconds, uint64_t seed);  // requests at random times; from their arrival

  void pause() { child_->pause(); }
  void resume() { child_->resume(); }
  rivals::Memory memory() const { return rivals::memory_of(child_->pid()); }
  const Phases& phases() const { return phases_; }
  rivals::Child& child() { return *child_; }

 private:
  Result<Block> measured(const rivals::Document& request, double seconds);
  Result<std::vector<NamedTensor>> tensors(const rivals::Document& described) const;

  Limits limits_;
  std::unique_ptr<rivals::Child> child_;
  rivals::Document inputs_, versions_;
  std::string timed_;
  Phases phases_;
};

// Energy of the processor's packages so far in joules, where the system lets us read it (RAPL).
std::optional<double> package_joules(const std::string& folder = "/sys/class/powercap");

}  // namespace thane::bench
