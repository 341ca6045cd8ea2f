// libFuzzer target: any bytes as a pickle with PyTorch's constructors, its storages being zeros; listed and printed.
#include <cstring>

#include "formats/checkpoint/checkpoint.h"
#include "formats/containers/pickle_text.h"
#include "formats/lightning/training.h"
#include "formats/torch/rebuild.h"

namespace {

constexpr int64_t kMostElements = 4096;

thane::Result<thane::PickleValue*> storage_of(thane::PickleTree& tree, const thane::PickleValue& value) {
  THANE_ASSIGN(const auto id, thane::torch::read_storage_id(value));
  if (id.count > kMostElements) return thane::invalid_model("a big storage");
  auto storage = std::make_shared<thane::Storage>();
  storage->type = id.type;
  storage->dtype = id.dtype;
  storage->element_bytes = id.element_bytes;
  storage->count = id.count;
  THANE_ASSIGN(storage->bytes, thane::allocate_buffer(static_cast<size_t>(id.count) * id.element_bytes));
  std::memset(storage->bytes->data(), 0, storage->bytes->size_bytes());
  return thane::torch::make_storage(tree, std::move(storage));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto source = thane::allocate_buffer(size);
  if (!source.ok()) return 0;
  if (size > 0) std::memcpy((*source)->data(), data, size);
  auto rules = thane::torch::pickle_rules();
  rules.persistent = storage_of;
  const std::span<const std::byte> bytes((*source)->data(), size);
  auto tree = thane::decode_pickle(*source, bytes, rules);
  if (!tree.ok()) return 0;
  (void)thane::pickle_text((*tree)->root(), 10'000);
  thane::Checkpoint checkpoint;
  if (!thane::list_contents(*tree, checkpoint).ok()) return 0;
  (void)thane::lightning::training_of(checkpoint);
  for (const auto& tensor : checkpoint.tensors) {
    if (tensor.tensor.size() <= kMostElements) (void)tensor.tensor.dense();
  }
  return 0;
}
