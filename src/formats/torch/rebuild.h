// The calls in PyTorch's pickles that thane makes itself: tensors, storages, sizes, numpy arrays and scalars.
#pragma once

#include "formats/containers/pickle.h"

namespace thane::torch {

// The rules for every pickle of PyTorch's, but for persistent ids. Names of torch, numpy and torch.jit that carry no
// code (dtypes, layouts, storage classes) count as known.
PickleRules pickle_rules();

// ('storage', type, key, device, count[, view]) of a persistent id.
struct StorageId {
  std::string_view type, key, device;
  DType dtype = DType::kUndefined;
  size_t element_bytes = 1;
  int64_t count = 0;                  // elements
  const PickleValue* view = nullptr;  // legacy files: (key, offset, count) of a part; else null
};
Result<StorageId> read_storage_id(const PickleValue& id);
// A kStorage: the whole storage as a one-dimensional tensor.
Result<PickleValue*> make_storage(PickleTree& tree, std::shared_ptr<Storage> storage);

}  // namespace thane::torch
