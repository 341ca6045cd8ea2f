// Zip archives (APPNOTE 6.3), as PyTorch, numpy and Keras write them: stored and deflated members, zip64. Members are
// those of the central directory; what local headers say must agree with it, and no byte may belong to two members. No
// encryption, no spanning. Names are keys, never paths: nothing is ever extracted.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/file.h"
#include "ir/tensor.h"

namespace thane {

class ZipArchive {
 public:
  struct Member {
    std::string name;
    uint16_t method = 0;  // 0: stored, 8: deflated
    uint32_t crc32 = 0;
    uint64_t compressed_bytes = 0;
    uint64_t bytes = 0;  // inflated
    uint64_t header_offset = 0;
    uint64_t data_offset = 0;

    bool stored() const { return method == 0; }
  };

  // Reads the directory and checks it against the local headers. Fails when they disagree, when two members share a
  // name or bytes, or anything lies outside the file.
  static Result<ZipArchive> open(std::shared_ptr<const MappedFile> file);

  const std::vector<Member>& members() const { return members_; }
  const Member* find(std::string_view name) const;

  // A member's contents: a view of the file when stored, else inflated (at most `most_bytes`) and its checksum
  // verified. A stored member's checksum is not read: that would touch every page of a checkpoint.
  Result<std::shared_ptr<Buffer>> read(const Member& member, uint64_t most_bytes) const;
  // The same, with the checksum verified in any case: for members that are parsed.
  Result<std::shared_ptr<Buffer>> read_verified(const Member& member, uint64_t most_bytes) const;

 private:
  std::shared_ptr<const MappedFile> file_;
  std::vector<Member> members_;
  bool checksums_ = true;  // false: all are 0, as torch.serialization.set_crc32_options(False) leaves them
  std::unordered_map<std::string, size_t> by_name_;
};

}  // namespace thane
