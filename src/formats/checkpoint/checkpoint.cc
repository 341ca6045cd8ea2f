#include "formats/checkpoint/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "base/format.h"
#include "formats/safetensors/safetensors.h"
#include "formats/torch/archive.h"
#include "formats/torch/legacy.h"

namespace thane {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kMostDepth = 200, kFreeSteps = size_t{64} << 10, kFreePathBytes = size_t{16} << 20;

// Walks a pickle's tree in the order in which Python would print it.
class Lister {
 public:
  explicit Lister(Checkpoint& checkpoint)
      : checkpoint_(checkpoint), steps_left_(kFreeSteps + 4 * checkpoint.tree->size()) {
    const auto& source = checkpoint.tree->source();
    path_bytes_left_ = kFreePathBytes + 32 * (source ? source->size_bytes() : 0);
  }

  Status visit(const PickleValue& value) {
    if (steps_left_-- == 0) return endless();
    switch (value.kind) {
      case Kind::kNone:
      case Kind::kBool:
      case Kind::kInt:
      case Kind::kBigInt:
      case Kind::kFloat:
      case Kind::kString:
        THANE_TRY(claim_path());
        checkpoint_.scalars.push_back({path_, &value});
        return ok();
      case Kind::kTensor:
      case Kind::kArray:
        THANE_TRY(claim_path());
        checkpoint_.tensors.push_back({path_, name(), *value.tensor, value.is(Kind::kArray)});
        return ok();
      case Kind::kList:
      case Kind::kTuple:
      case Kind::kSet:
      case Kind::kDict:
      case Kind::kObject: return enter(value);
      case Kind::kBytes:
      case Kind::kGlobal:
      case Kind::kStorage: return ok();
    }
    return ok();
  }

 private:
  static Error endless() { return resource_limit("the checkpoint's values refer to each other without end"); }

  // A long key above many values would be copied to each of their paths.
  Status claim_path() {
    size_t bytes = 0;
    for (const PathPart& part : path_) bytes += sizeof part + 2 * part.text.size();
    if (bytes > path_bytes_left_) return endless();
    path_bytes_left_ -= bytes;
    return ok();
  }

  // A container that is being visited already is a cycle: Python's modules have them (a parent kept by its child).
  Status enter(const PickleValue& value) {
    if (std::find(open_.begin(), open_.end(), &value) != open_.end()) return ok();
    if (open_.size() >= kMostDepth)
      return resource_limit(format("a checkpoint nested deeper than {} levels", kMostDepth));
    open_.push_back(&value);
    THANE_TRY(visit_pairs(value.pairs()));
    if (value.is(Kind::kObject)) {
      const PickleObject& object = *value.object;
      THANE_TRY(visit_items(object.items));
      if (object.state) THANE_TRY(below({"<state>"}, *object.state));
      if (!object.args.empty()) THANE_TRY(visit_arguments(object.args));
    } else if (!value.is(Kind::kDict)) {
      THANE_TRY(visit_items(value.items));
    }
    open_.pop_back();
    return ok();
  }

  Status visit_pairs(std::span<PickleValue* const> pairs) {
    for (size_t i = 0; i + 1 < pairs.size(); i += 2) THANE_TRY(below(key(*pairs[i]), *pairs[i + 1]));
    return ok();
  }

  Status visit_items(std::span<PickleValue* const> items) {
    for (size_t i = 0; i < items.size(); ++i) THANE_TRY(below({std::to_string(i), true}, *items[i]));
    return ok();
  }

  Status visit_arguments(std::span<PickleValue* const> args) {
    path_.push_back({"<args>"});
    THANE_TRY(visit_items(args));
    path_.pop_back();
    return ok();
  }

  Status below(PathPart part, const PickleValue& value) {
    path_.push_back(std::move(part));
    THANE_TRY(visit(value));
    path_.pop_back();
    return ok();
  }

  static PathPart key(const PickleValue& value) {
    switch (value.kind) {
      case Kind::kString:
      case Kind::kBytes:
      case Kind::kGlobal:
      case Kind::kBigInt: return {std::string(value.text)};
      case Kind::kInt: return {std::to_string(value.integer), true};
      case Kind::kFloat: return {format("{}", value.real)};
      case Kind::kBool: return {value.integer ? "True" : "False"};
      case Kind::kNone: return {"None"};
      default: return {"<key>"};
    }
  }

  std::string name() const {
    std::string joined;
    bool module = false;
    for (const PathPart& part : path_) {
      const bool hidden =
          part.text == "<state>" ||
          (module && (part.text == "_modules" || part.text == "_parameters" || part.text == "_buffers"));
      module = part.text == "<state>";
      if (hidden) continue;
      if (!joined.empty()) joined += '.';
      joined += part.text;
    }
    return joined;
  }

  Checkpoint& checkpoint_;
  CheckpointPath path_;
  std::vector<const PickleValue*> open_;
  size_t steps_left_, path_bytes_left_ = 0;
};

std::string_view text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

Result<Checkpoint> read_pickled(std::shared_ptr<const MappedFile> file, bool verify) {
  Checkpoint checkpoint;
  std::shared_ptr<PickleTree> tree;
  if (text_of(*file).starts_with("PK")) {
    THANE_ASSIGN(const auto archive, torch::Archive::open(std::move(file), verify));
    THANE_ASSIGN(tree, archive->unpickle("data.pkl", "data/"));
    checkpoint.container = "zip";
  } else {
    THANE_ASSIGN(tree, torch::read_legacy(std::move(file)));
    checkpoint.container = "pickle";
  }
  checkpoint.format = tree->root().find("pytorch-lightning_version") ? "Lightning checkpoint" : "PyTorch checkpoint";
  THANE_TRY(list_contents(std::move(tree), checkpoint));
  return checkpoint;
}

}  // namespace

std::vector<std::vector<size_t>> Checkpoint::shared_storage() const {
  std::map<const Storage*, std::vector<size_t>> by_storage;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (const Storage* storage = tensors[i].tensor.storage.get()) by_storage[storage].push_back(i);
  }
  std::vector<std::vector<size_t>> groups;
  for (auto& [storage, indices] : by_storage) {
    if (indices.size() > 1) groups.push_back(std::move(indices));
  }
  std::sort(groups.begin(), groups.end());
  return groups;
}

Status list_contents(std::shared_ptr<PickleTree> tree, Checkpoint& checkpoint) {
  checkpoint.foreign_globals = tree->foreign_globals();
  checkpoint.tree = std::move(tree);
  return Lister(checkpoint).visit(checkpoint.tree->root());
}

std::string path_text(const CheckpointPath& path) {
  std::string text;
  for (const PathPart& part : path) {
    if (part.index) {
      text += '[' + part.text + ']';
    } else {
      text += (text.empty() ? "" : ".") + part.text;
    }
  }
  return text;
}

Result<Checkpoint> read_checkpoint(std::shared_ptr<const MappedFile> file, const CheckpointOptions& options) {
  const std::string path = file->path();
  const bool safe = is_safetensors(text_of(*file));
  auto checkpoint = safe ? read_safetensors(std::move(file)) : read_pickled(std::move(file), options.verify);
  if (!checkpoint.ok()) return std::move(checkpoint).error().at(path);
  return checkpoint;
}

}  // namespace thane
