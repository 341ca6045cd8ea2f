#include "formats/torch/archive.h"

#include "base/checked.h"
#include "base/format.h"
#include "formats/torch/rebuild.h"

namespace thane::torch {
namespace {

constexpr uint64_t kFreeBytes = uint64_t{64} << 20, kMostRatio = 16;

// The folder that holds data.pkl, version or archive_format: the one all of torch's members lie in. Members of other
// folders (extra files, macOS droppings) do not count.
std::string folder_of(const ZipArchive& zip) {
  for (const std::string_view mark : {"data.pkl", "archive_format", "version", "byteorder"}) {
    for (const auto& member : zip.members()) {
      if (member.name == mark) return "";
      const size_t slash = member.name.find('/');
      if (slash != std::string::npos && std::string_view(member.name).substr(slash + 1) == mark) {
        return member.name.substr(0, slash + 1);
      }
    }
  }
  return "";
}

}  // namespace

Result<std::shared_ptr<Archive>> Archive::open(std::shared_ptr<const MappedFile> file, bool verify) {
  auto archive = std::make_shared<Archive>();
  THANE_ASSIGN(archive->zip_, ZipArchive::open(file));
  archive->folder_ = folder_of(archive->zip_);
  archive->budget_ = kFreeBytes + kMostRatio * file->bytes().size();
  archive->file_ = std::move(file);
  archive->verify_ = verify;
  if (archive->has("byteorder")) {
    THANE_ASSIGN(const auto order, archive->read("byteorder", true));
    const std::string_view text(reinterpret_cast<const char*>(order->data()), order->size_bytes());
    if (text != "little") {
      return unsupported("the file was saved on a big-endian machine").expecting("byte order 'little'");
    }
  }
  return archive;
}

const ZipArchive::Member* Archive::member(std::string_view name) const {
  return zip_.find(folder_ + std::string(name));
}

std::string_view Archive::inner_name(const ZipArchive::Member& member) const {
  const std::string_view name = member.name;
  return name.starts_with(folder_) ? name.substr(folder_.size()) : std::string_view{};
}

Result<std::shared_ptr<Buffer>> Archive::read(std::string_view name, bool verify) const {
  const ZipArchive::Member* found = member(name);
  if (!found) return invalid_model(format("the archive has no '{}'", name));
  auto bytes = verify ? zip_.read_verified(*found, budget_) : zip_.read(*found, budget_);
  if (bytes.ok() && !found->stored()) budget_ -= found->bytes;
  return bytes;
}

Result<std::shared_ptr<Storage>> Archive::storage(const StorageId& id, std::string_view folder) {
  const std::string name = std::string(folder) + std::string(id.key);
  if (const auto seen = storages_.find(name); seen != storages_.end()) {
    if (seen->second->type != id.type || seen->second->count != id.count) {
      return invalid_model(format("storage '{}' is of two types or sizes", id.key));
    }
    return seen->second;
  }
  auto storage = std::make_shared<Storage>();
  storage->name = id.key;
  storage->type = id.type;
  storage->device = id.device;
  storage->dtype = id.dtype;
  storage->element_bytes = id.element_bytes;
  storage->count = id.count;
  const auto bytes = checked_mul(id.count, static_cast<int64_t>(id.element_bytes));
  if (!bytes) return invalid_model(format("storage '{}' declares {} elements", id.key, id.count));
  // Tensors on torch's meta device have a shape only.
  if (id.device != "meta") {
    THANE_ASSIGN(storage->bytes, read(name, verify_));
    if (storage->bytes->size_bytes() < static_cast<size_t>(*bytes)) {
      return invalid_model(
          format("storage '{}' holds {} bytes and declares {}", id.key, storage->bytes->size_bytes(), *bytes));
    }
  }
  storages_.emplace(name, storage);
  return storage;
}

Result<std::shared_ptr<PickleTree>> Archive::unpickle(std::string_view name, std::string_view storages) {
  THANE_ASSIGN(auto bytes, read(name, true));
  PickleRules rules = pickle_rules();
  if (!storages.empty()) {
    rules.persistent = [&](PickleTree& tree, const PickleValue& value) -> Result<PickleValue*> {
      THANE_ASSIGN(const StorageId id, read_storage_id(value));
      THANE_ASSIGN(auto held, storage(id, storages));
      return make_storage(tree, std::move(held));
    };
  }
  const std::span<const std::byte> view(bytes->data(), bytes->size_bytes());
  auto tree = decode_pickle(bytes, view, rules);
  if (!tree.ok()) return std::move(tree).error().at(std::string(name));
  return tree;
}

}  // namespace thane::torch
