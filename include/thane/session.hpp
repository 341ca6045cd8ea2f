// Sessions: models made ready to run.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "thane/model.hpp"

namespace thane::v1 {

// How far results may stray from plain float32 evaluation, for speed.
enum class Precision {
  kExact,  // no algebraic rewriting
  kFp32,   // float32 throughout; algebraic rewriting allowed
  kBf16,   // weights in bfloat16 (half the memory), and products too where the CPU has them
  kAuto,   // fp32 or bf16: the first run tries both on its inputs and keeps the faster one that is within max_error
};

struct SessionOptions {
  int threads = 0;  // 0: one per core this process may use. Results do not depend on it
  Precision precision = Precision::kFp32;
  // Instruction sets to use at most: "portable", "neon", "avx2", "avx512", …; empty: all the CPU has.
  std::string isa = {};
  bool optimise = true;  // false: run the graph as it was imported
  uint64_t seed = 0;     // of random ops; every run starts from it
  // Of kAuto: the largest difference from fp32's results, in parts of an output's largest magnitude.
  double max_error = 0.01;
};

// A model ready to run. A cheap handle; run() may be called from any number of threads at once (runs of a model that
// keeps state take turns). What depends on the inputs' shapes is planned at the first run with them, and kept.
class THANE_API Session {
 public:
  static Result<Session> create(const Model& model, const SessionOptions& options = {});

  // Runs once: one value per input of info(), in order; gives one per output, in order. Dtypes and shapes must fit what
  // is declared, otherwise the error says what was expected. Outputs own their memory.
  Result<std::vector<Value>> run(const std::vector<Value>& inputs) const;
  // The same by name. Only optional inputs may be left out.
  Result<std::map<std::string, Value>> run(const std::map<std::string, Value>& inputs) const;

  // Models that keep state between runs (recurrent layers, variables) start again. Others have none.
  void reset_states() const;

  const ModelInfo& info() const;  // lives as long as a handle

 private:
  struct Body;
  friend struct Access;
  explicit Session(std::shared_ptr<const Body> body);
  std::shared_ptr<const Body> body_;
};

}  // namespace thane::v1
