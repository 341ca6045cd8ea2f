// Binding: the tensors of a checkpoint put in place of a graph's own weights.
//
// Weights are matched by name: first exactly; then by the one prefix that fits most of them ("model." of a Lightning
// module, "_orig_mod." of torch.compile, "module." of DistributedDataParallel); then by a suffix that only one tensor
// has. Dtype and shape must be equal: nothing is transposed, cast or guessed. What is left on either side is listed,
// for exporters fold and merge weights: a graph whose "onnx::MatMul_12" is a transposed Linear weight cannot be rebound
// by name, and says so.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/pipeline.h"
#include "formats/checkpoint/checkpoint.h"

namespace thane {

struct BoundWeight {
  std::string name;   // in the graph
  std::string from;   // in the checkpoint
  bool exact = true;  // the names are the same
};

struct UnboundWeight {
  std::string name, type, reason;
};

struct Binding {
  std::vector<BoundWeight> bound;
  std::vector<UnboundWeight> graph;       // weights of the graph that no tensor of the checkpoint fits
  std::vector<UnboundWeight> checkpoint;  // tensors of the checkpoint that no weight of the graph takes
  std::vector<std::string> counters;      // tensors that no inference reads (num_batches_tracked)
  int64_t constants = 0;                  // of the graph, which are no weights: numbers, shapes, indices

  bool complete() const { return graph.empty() && checkpoint.empty() && !bound.empty(); }
};

struct BindingOptions {
  std::string prefix;             // only tensors whose names start with it: "ema.", "callbacks.EMA.weights."
  bool allow_incomplete = false;  // else an incomplete binding is an error
};

// A graph file and the names of its weights. Binding another checkpoint onto it reads neither anew but what follows
// from the weights.
class BindableModel {
 public:
  static Result<BindableModel> open(const std::string& path, const ReadOptions& options);

  // The model with the checkpoint's tensors as weights. `binding` receives what went where, also when it fails.
  Result<Model> bind(const Checkpoint& checkpoint, const BindingOptions& options, Binding& binding) const;

 private:
  struct Weight {
    std::string name;
    DType dtype;
    Dims dims;
  };
  friend class Matcher;

  std::string path_;
  ReadOptions options_;
  std::vector<Weight> weights_;
};

// A checkpoint file, and how to bind it.
struct WeightsFile {
  std::string path;  // empty: the model's own weights
  BindingOptions options;
};

// Opens a model and binds a checkpoint onto it, if one is given.
Result<Model> open_model(const std::string& path, const ReadOptions& options, const WeightsFile& weights,
                         Binding& binding);

// Opens a checkpoint whose tensors will be used: checksums are verified. A `copy` survives that the file is rewritten
// in place.
Result<Checkpoint> open_weights(const std::string& path, bool copy);

// What is left over, for people: at most `most` lines a side.
std::string binding_text(const Binding& binding, size_t most);

}  // namespace thane
