// Sessions: a graph made ready to run, shared by any number of threads.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ir/context.h"
#include "ir/graph.h"
#include "ir/kernel.h"

namespace thane {

class Plan;
struct Step;

// One step of a run, just finished. Bodies of control flow report their steps before the node that runs them.
struct StepTime {
  const Graph& graph;
  const Plan& plan;
  const Step& step;
  double start_seconds, seconds;  // start: by a clock that never goes back
};

struct SessionOptions {
  int threads = 0;                   // <= 0: one per usable core; ignored when `pool` is given
  std::shared_ptr<ThreadPool> pool;  // shared between sessions; null: one of its own
  Isa isa = cpu_facts().best;        // ceiling
  // kAuto is api's to resolve (api/auto_precision.h); a session by itself takes it for kFp32.
  Precision precision = Precision::kFp32;
  double max_error = 0.01;     // that kAuto may add to results, in parts of an output's largest magnitude
  uint64_t seed = 0;           // of random ops; each run of a session starts from it
  bool keeps_weights = false;  // graph() stays whole: for those who want to run parts of it themselves
  // Called after every step, by the thread that runs; empty: nothing is timed.
  std::function<void(const StepTime&)> observer = {};
};

class Session {
 public:
  // Takes the graph (its constants stay shared with their files). Fails only for lack of memory.
  static Result<std::unique_ptr<Session>> create(Graph graph, SessionOptions options);
  virtual ~Session() = default;

  // Runs once. inputs[i] belongs to graph().inputs[i]; dtypes and shapes must fit the declared ones, else an error that
  // says what was expected. Outputs own their memory. Plans are made for each new set of input shapes and cached.
  // Thread-safe. When the graph has states, runs take turns: each finds what the one before left.
  virtual Result<std::vector<Value>> run(std::span<const Value> inputs) const = 0;
  // The same with the states in the caller's hands: from graph().all_inputs() to graph().all_outputs(). Leaves the
  // session's own states alone.
  virtual Result<std::vector<Value>> run_explicit(std::span<const Value> inputs) const = 0;
  // Back to what the states were before the first run.
  virtual void reset_states() const = 0;
  // Of constants that the only possible plan has in a form of its own, nothing but dtype and shape remain, unless the
  // options say that weights are kept.
  virtual const Graph& graph() const = 0;
  // What was decided in the course of a run, in words for people; empty: nothing.
  virtual std::string remark() const { return {}; }
};

}  // namespace thane
