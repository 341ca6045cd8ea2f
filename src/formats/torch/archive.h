// PyTorch's zip archives, as torch.save, torch.jit.save and torch.export.save write them: everything lies in one folder
// (its name is the file's at the time of saving), tensors stored and aligned.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "formats/containers/pickle.h"
#include "formats/containers/zip.h"

namespace thane::torch {

struct StorageId;

class Archive {
 public:
  // `verify`: check the storages' checksums, too, when a pickle refers to them (which reads them all).
  static Result<std::shared_ptr<Archive>> open(std::shared_ptr<const MappedFile> file, bool verify = false);

  const ZipArchive& zip() const { return zip_; }
  // Names below are within the archive's folder: "data.pkl", "data/0", "code/__torch__.py".
  bool has(std::string_view name) const { return member(name) != nullptr; }
  const ZipArchive::Member* member(std::string_view name) const;
  // The member's name without the folder; empty for members outside of it.
  std::string_view inner_name(const ZipArchive::Member& member) const;

  // A member's bytes: a view of the file when stored. Inflated members of one archive share a bound of 64 MiB plus 16
  // times the file's size. `verify`: check the checksum of stored ones, too.
  Result<std::shared_ptr<Buffer>> read(std::string_view name, bool verify) const;
  // Decodes a pickle whose tensors lie in `storages` ("data/", "constants/", or "" for none). Storages are shared over
  // all pickles of the archive. Tensors are views of the file.
  Result<std::shared_ptr<PickleTree>> unpickle(std::string_view name, std::string_view storages);

 private:
  Result<std::shared_ptr<Storage>> storage(const StorageId& id, std::string_view folder);

  std::shared_ptr<const MappedFile> file_;
  ZipArchive zip_;
  bool verify_ = false;
  std::string folder_;  // "" or "archive/"
  mutable uint64_t budget_ = 0;
  std::map<std::string, std::shared_ptr<Storage>, std::less<>> storages_;  // by member name
};

}  // namespace thane::torch
