#include "formats/torch/legacy.h"

#include <cstring>
#include <map>

#include "base/checked.h"
#include "base/format.h"
#include "formats/torch/rebuild.h"

namespace thane::torch {
namespace {

constexpr std::string_view kMagic = "0x1950a86a20f9469cfc6c";
constexpr int64_t kProtocol = 1001;

Error broken(std::string what) { return invalid_model("broken checkpoint: " + std::move(what)); }

class LegacyReader {
 public:
  explicit LegacyReader(std::shared_ptr<const MappedFile> file)
      : file_(std::move(file)), whole_(map_buffer(file_, 0, file_->bytes().size())) {}

  Result<std::shared_ptr<PickleTree>> read() {
    THANE_ASSIGN(auto first, next());
    if (!first->root().is(PickleKind::kBigInt) || first->root().text != kMagic) {
      if (!storages_.empty()) return broken("its tensors have no contents");
      return first;
    }
    THANE_ASSIGN(const auto protocol, next());
    if (!protocol->root().is(PickleKind::kInt) || protocol->root().integer != kProtocol) {
      return unsupported("a torch.save of another protocol").expecting(format("{}", kProtocol));
    }
    THANE_ASSIGN(const auto machine, next());
    const PickleValue* little = machine->root().find("little_endian");
    if (little && little->is(PickleKind::kBool) && !little->integer) {
      return unsupported("the file was saved on a big-endian machine");
    }
    THANE_ASSIGN(auto object, next());
    THANE_ASSIGN(const auto keys, next());
    if (!keys->root().is_sequence()) return broken("the storages' keys are no list");
    for (const PickleValue* key : keys->root().items) THANE_TRY(read_storage(*key));
    for (const auto& [key, storage] : storages_) {
      if (!storage->bytes) return broken(format("storage '{}' is missing", key));
    }
    return object;
  }

 private:
  // The pickle that starts here. All trees share the mapped file.
  Result<std::shared_ptr<PickleTree>> next() {
    PickleRules rules = pickle_rules();
    rules.persistent = [this](PickleTree& tree, const PickleValue& id) { return resolve(tree, id); };
    size_t used = 0;
    THANE_ASSIGN(auto tree, decode_pickle(whole_, file_->bytes().subspan(at_), rules, &used));
    at_ += used;
    return tree;
  }

  Result<PickleValue*> resolve(PickleTree& tree, const PickleValue& value) {
    // Modules come with their source text: ('module', class, file, source).
    if (value.is_sequence() && value.items.size() >= 2 && value.items[0]->is_string("module")) return value.items[1];
    THANE_ASSIGN(const StorageId id, read_storage_id(value));
    auto& storage = storages_[std::string(id.key)];
    if (!storage) {
      storage = std::make_shared<Storage>();
      storage->name = id.key;
      storage->type = id.type;
      storage->device = id.device;
      storage->dtype = id.dtype;
      storage->element_bytes = id.element_bytes;
      storage->count = id.count;
    } else if (storage->type != id.type || storage->count != id.count) {
      return broken(format("storage '{}' is of two types or sizes", id.key));
    }
    THANE_ASSIGN(PickleValue * made, make_storage(tree, storage));
    if (id.view) THANE_TRY(narrow(*made, *id.view));
    return made;
  }

  // A part of a storage: (key of the part, offset, count).
  static Status narrow(PickleValue& made, const PickleValue& view) {
    if (!view.is_sequence() || view.items.size() != 3 || !view.items[1]->is(PickleKind::kInt) ||
        !view.items[2]->is(PickleKind::kInt)) {
      return broken("a view of a storage makes no sense");
    }
    made.tensor->offset = view.items[1]->integer;
    made.tensor->shape = {view.items[2]->integer};
    return made.tensor->check();
  }

  Status read_storage(const PickleValue& key) {
    const auto found = key.is(PickleKind::kString) ? storages_.find(key.text) : storages_.end();
    if (found == storages_.end()) return broken("contents of a storage that no tensor has");
    Storage& storage = *found->second;
    const auto bytes = file_->bytes();
    int64_t count = 0;
    if (bytes.size() - at_ < sizeof count) return broken("it ends early");
    std::memcpy(&count, bytes.data() + at_, sizeof count);
    at_ += sizeof count;
    const auto size = checked_mul(storage.count, static_cast<int64_t>(storage.element_bytes));
    if (count != storage.count || !size || storage.bytes) {
      return broken(format("storage '{}' has {} elements and declares {}", key.text, count, storage.count));
    }
    if (static_cast<size_t>(*size) > bytes.size() - at_) return broken("it ends early");
    storage.bytes = map_buffer(file_, at_, static_cast<size_t>(*size));
    at_ += static_cast<size_t>(*size);
    return ok();
  }

  std::shared_ptr<const MappedFile> file_;
  std::shared_ptr<Buffer> whole_;
  size_t at_ = 0;
  std::map<std::string, std::shared_ptr<Storage>, std::less<>> storages_;
};

}  // namespace

Result<std::shared_ptr<PickleTree>> read_legacy(std::shared_ptr<const MappedFile> file) {
  return LegacyReader(std::move(file)).read();
}

}  // namespace thane::torch
