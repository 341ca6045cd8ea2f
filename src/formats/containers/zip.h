// Zip archives (APPNOTE 6.3), as numpy, PyTorch and Keras write them: stored and deflated members, zip64. The central
// directory is trusted; local headers only for where the data starts. No encryption, no spanning.
#pragma once

#include <memory>
#include <string>
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
    uint64_t bytes = 0;
    uint64_t header_offset = 0;
  };

  // Reads the directory. Fails when it is broken or two members share a name.
  static Result<ZipArchive> open(std::shared_ptr<const MappedFile> file);

  const std::vector<Member>& members() const { return members_; }
  const Member* find(std::string_view name) const;
  // A member's contents: a view of the file when stored, else inflated. The checksum is verified for deflated members.
  // Fails for more than `most_bytes` once inflated.
  Result<std::shared_ptr<Buffer>> read(const Member& member, uint64_t most_bytes) const;

 private:
  std::shared_ptr<const MappedFile> file_;
  std::vector<Member> members_;
};

}  // namespace thane
