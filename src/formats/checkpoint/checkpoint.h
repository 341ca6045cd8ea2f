// Checkpoints: files of named tensors without a graph. state_dicts and whole training states of PyTorch (zip, and the
// bare pickles from before 1.6), Lightning's .ckpt of any version, safetensors.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "formats/containers/pickle.h"

namespace thane {

// One step from the root of a checkpoint to a value: a dict's key or an index. Into an inert object it is "<state>"
// (what BUILD gave it) or "<args>" (of the call).
struct PathPart {
  std::string text;
  bool index = false;  // of a list or tuple, or an integer key
};
using CheckpointPath = std::vector<PathPart>;

struct CheckpointTensor {
  CheckpointPath path;
  // The path joined by dots, without what only says how Python stores modules ("<state>", "_modules", "_parameters",
  // "_buffers"): a pickled module's weights are named as its state_dict would name them.
  std::string name;
  StridedTensor tensor;
  bool numpy = false;  // a NumPy array, not a torch tensor
};

struct CheckpointScalar {
  CheckpointPath path;
  const PickleValue* value;  // none, bool, int, float, string
};

struct Checkpoint {
  std::string format;                     // "PyTorch checkpoint", "Lightning checkpoint", "safetensors"
  std::string container;                  // "zip", "pickle", "safetensors"
  std::vector<CheckpointTensor> tensors;  // in the file's order
  std::vector<CheckpointScalar> scalars;
  std::vector<std::pair<std::string, std::string>> metadata;  // safetensors' __metadata__
  std::set<std::string, std::less<>> foreign_globals;         // classes and functions that stayed inert
  std::shared_ptr<PickleTree> tree;                           // null: safetensors

  const PickleValue* root() const { return tree ? &tree->root() : nullptr; }
  // Groups of two and more tensors (indices, ascending) that share a storage.
  std::vector<std::vector<size_t>> shared_storage() const;
};

struct CheckpointOptions {
  bool verify = false;  // check the tensors' checksums, where the file has them; reads all of it
};

// Opens any of them, judged by content. Tensors are views of the file.
Result<Checkpoint> read_checkpoint(std::shared_ptr<const MappedFile> file, const CheckpointOptions& options = {});

// Fills tensors, scalars and foreign_globals from a pickle's tree. Fails when it nests deeper than 200 levels or shares
// so much that it has no end.
Status list_contents(std::shared_ptr<PickleTree> tree, Checkpoint& checkpoint);

std::string path_text(const CheckpointPath& path);  // "optimizer_states[0].state[3].exp_avg"

}  // namespace thane
