// Models: opened, and looked into.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "thane/tensor.hpp"

namespace thane::v1 {

// One dimension of a declared shape.
struct Dimension {
  int64_t size = -1;   // -1: open
  std::string symbol;  // what the model calls an open dimension ("batch"); may be empty
};

// An input or output, as the model declares it.
struct ValueInfo {
  std::string name;
  Value::Kind kind = Value::Kind::kTensor;  // kNone: the model does not say
  bool optional = false;                    // an empty Value may be given
  DType dtype = DType::kUndefined;          // of a tensor; kUndefined: the model does not say
  bool has_rank = false;                    // false: any number of dimensions
  std::vector<Dimension> shape;             // of a tensor, when has_rank
  std::string type;                         // for people: "float32[batch, 3, 224, 224]", "seq(int64[?])"
};

using Properties = std::vector<std::pair<std::string, std::string>>;

struct ModelInfo {
  std::string format;    // "onnx"
  std::string producer;  // "pytorch 2.13.0"
  std::string doc;
  Properties versions;                     // op sets or schema versions: {"ai.onnx", "18"}
  Properties metadata;                     // what the file's author added
  std::string entry_point;                 // the signature or method in use; empty where files have only one
  std::vector<std::string> entry_points;   // all of the file's
  std::vector<ValueInfo> inputs, outputs;  // in the order in which Session::run takes and gives them
};

struct LoadOptions {
  // The signature (TensorFlow) or method (TorchScript) to use, of info().entry_points; empty: the one most callers
  // mean.
  std::string entry_point = {};
  // For graphs that declare no outputs (frozen TensorFlow graphs): the values to deliver; empty: those nothing reads.
  std::vector<std::string> outputs = {};
  // A checkpoint (.ckpt, state_dict, safetensors) whose tensors take the place of the model's weights; empty: its own.
  // They are matched by name, dtype and shape. What fits nothing, on either side, is an error that lists it
  // (kInvalidModel).
  std::string weights = {};
  std::string weights_prefix = {};  // only tensors whose names start with it: "ema."
  bool allow_incomplete = false;    // bind what fits, and keep the model's own weights for the rest
};

// An opened model. Weights stay in the file, which is mapped: it must not be changed or cut off while the model or a
// session made from it lives. A cheap, immutable handle, safe to share between threads.
class THANE_API Model {
 public:
  // Opens the file; its content decides the format. Nothing in it is executed. Files are not trusted: broken or hostile
  // ones give errors (kInvalidModel), and ops that thane lacks are all listed in one (kUnsupported). Weights in further
  // files must lie in the model's own folder.
  static Result<Model> load(const std::string& path, const LoadOptions& options = {});

  const ModelInfo& info() const;  // lives as long as a handle

 private:
  struct Body;
  friend struct Access;
  explicit Model(std::shared_ptr<const Body> body);
  std::shared_ptr<const Body> body_;
};

}  // namespace thane::v1
