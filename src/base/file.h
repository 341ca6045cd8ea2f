// Read-only memory-mapped files.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace thane {

// A whole regular file mapped for reading. Opening costs no copy; pages are read when touched. Closed with the last
// owner. The file must not be truncated while mapped (the kernel would raise SIGBUS).
class MappedFile {
 public:
  static Result<std::shared_ptr<const MappedFile>> open(const std::string& path);
  // Opens `relative` below `folder` for the sake of an untrusted file that names it: nothing outside the folder is
  // opened, be it by an absolute path, "..", or a symbolic or hard link, and nothing but a regular file.
  static Result<std::shared_ptr<const MappedFile>> open_beneath(const std::string& folder, const std::string& relative);
  // A copy of the file in memory, for files that others rewrite in place. Fails when it changes length meanwhile.
  static Result<std::shared_ptr<const MappedFile>> read(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  // Gives back the memory that a part of bytes() takes; whoever touches it again reads it from the file again. Pages
  // that the part covers only in part stay. Does nothing for a copy.
  void unload(std::span<const std::byte> part) const;
  const std::string& path() const { return path_; }

 private:
  static Result<std::shared_ptr<const MappedFile>> map(int fd, const std::string& path, bool allow_links);
  MappedFile(std::string path, const std::byte* data, size_t size, bool is_copy)
      : path_(std::move(path)), data_(data), size_(size), is_copy_(is_copy) {}
  std::string path_;
  const std::byte* data_;
  size_t size_;
  bool is_copy_;
};

}  // namespace thane
