// The gate before the ranking: outputs held against those of the framework that owns the file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/race.h"
#include "ir/graph.h"

namespace thane::bench {

struct Reference {
  std::string label;  // "onnxruntime 1.32.0", "thane, float64"
  std::string why;    // "owns .onnx files"
  std::vector<NamedTensor> outputs;
  std::vector<NamedTensor> inputs;  // what they were computed from
};

struct GateOptions {
  Tolerance tolerance{1e-3, 1e-3};
  std::optional<double> max_drop;    // of the task's accuracy (with labels) or of top-1 agreement; instead of tolerance
  std::vector<int64_t> labels;       // the right class of each row of the first output; empty: none
  std::vector<std::string> carried;  // outputs that hand on a state: not asked of forms that keep it inside
};

// What the gate says of outputs.
struct Held {
  std::string reason;  // empty: they pass
  std::vector<OutputReport> outputs;
  std::optional<double> task_accuracy;  // with labels
  bool structural = false;              // another network: there is nothing inside to compare
};
Held held_against(const Reference& reference, const std::vector<NamedTensor>& outputs, const GateOptions& options);

class ReferenceGate : public Gate {
 public:
  // `graph`: as imported by thane, to find where inside a model results part; may be null.
  ReferenceGate(const Reference& reference, const GateOptions& options, const Graph* graph)
      : reference_(reference), options_(options), graph_(graph) {}
  void judge(Standing& standing, Contestant& contestant) override;

 private:
  std::string first_difference(Contestant& contestant) const;
  const Reference& reference_;
  const GateOptions& options_;
  const Graph* graph_;
};

// Share of rows whose largest element is at the labelled place.
std::optional<double> top1_accuracy(const Tensor& scores, const std::vector<int64_t>& labels);

// Runs an engine once for its outputs. Adapted inputs are kept in the result.
Result<Reference> reference_from(const Entry& entry, const std::vector<NamedTensor>& inputs, const Limits& limits,
                                 std::string why);

// Largest and mean error of results against float64 ones, relative to the largest magnitude of each output.
struct Error64 {
  double max = 0, mean = 0;
};
Result<Error64> error_against(const std::vector<NamedTensor>& results, const std::vector<NamedTensor>& exact,
                              const std::vector<std::string>& carried = {});

}  // namespace thane::bench
