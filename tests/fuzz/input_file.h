// The fuzzer's bytes as a file, for readers of mapped files.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "base/file.h"

namespace thane {

inline std::shared_ptr<const MappedFile> input_file(const uint8_t* data, size_t size) {
  static const int fd = ::memfd_create("fuzz", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(fd);
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  auto file = MappedFile::open(path);
  if (!file.ok()) std::abort();
  return std::move(*file);
}

}  // namespace thane
