// A TorchScript archive in memory: code, constants and the tree of modules as the file has them; and the objects a
// program starts from, made anew for every run.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "formats/torch/archive.h"
#include "formats/torch/script/objects.h"

namespace thane::torchscript {

class Machine;

struct Loaded {
  std::shared_ptr<torch::Archive> archive;
  Program program;
  std::shared_ptr<PickleTree> data;
  std::shared_ptr<PickleTree> constants;  // null: the archive has none
  int64_t version = 0;                    // of the format: what the ops meant when it was written
  const Class* model = nullptr;
  uint64_t copied_bytes_limit = 0;
  std::map<std::string, Tensor> weights;  // bound in place of the file's own, by name (ReadOptions::weight)
};

Result<std::shared_ptr<Loaded>> load_archive(std::shared_ptr<const MappedFile> file);

// Turns pickled values into the program's. Objects that several places share stay one.
class Instantiation {
 public:
  Instantiation(const Loaded& loaded, Machine& machine) : loaded_(loaded), machine_(machine) {}
  Result<InstancePtr> model();
  Result<std::vector<Value>> constants();
  // Every tensor of the model's modules, in the order of the file.
  const std::vector<std::shared_ptr<StoredTensor>>& tensors() const { return tensors_; }

 private:
  Result<Value> value(const PickleValue& pickled, const std::string& path, int depth);
  Result<Value> object(const PickleValue& pickled, const std::string& path, int depth);
  Result<Value> tensor(const PickleValue& pickled, const std::string& path);
  Result<Value> item(const PickleValue& pickled, const std::string& path, int depth);

  const Loaded& loaded_;
  Machine& machine_;
  std::unordered_map<const PickleValue*, Value> made_;
  std::map<std::string, Value> made_tensors_;  // by where they lie
  std::vector<std::shared_ptr<StoredTensor>> tensors_;
  uint64_t copied_bytes_ = 0;
};

}  // namespace thane::torchscript
