// What a session keeps from one run to the next, and how runs pass it on.
#pragma once

#include <iterator>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "ir/graph.h"
#include "ir/value.h"

namespace thane {

// The values of a graph's states. Runs take turns: each finds what the one before left. Thread-safe.
class States {
 public:
  // Back to what they were before the first run.
  void reset(const Graph& graph) {
    std::lock_guard lock(mutex_);
    values_.clear();
    for (const StateVariable& state : graph.states) values_.emplace_back(state.initial);
  }

  // Calls `run_all` with `inputs` and the states, keeps the states it gives, and returns the first `count` outputs.
  template <class RunAll>
  Result<std::vector<Value>> run(std::span<const Value> inputs, size_t count, const RunAll& run_all) {
    std::lock_guard lock(mutex_);
    std::vector<Value> all(inputs.begin(), inputs.end());
    all.insert(all.end(), values_.begin(), values_.end());
    Result<std::vector<Value>> outputs = run_all(all);
    if (!outputs.ok()) return outputs;
    const auto first = outputs->begin() + static_cast<std::ptrdiff_t>(count);
    values_.assign(std::make_move_iterator(first), std::make_move_iterator(outputs->end()));
    outputs->erase(first, outputs->end());
    return outputs;
  }

 private:
  std::mutex mutex_;
  std::vector<Value> values_;
};

}  // namespace thane
