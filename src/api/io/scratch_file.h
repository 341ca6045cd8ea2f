// For tests: bytes as a mapped file.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>

#include "base/file.h"

namespace thane {

inline std::shared_ptr<const MappedFile> mapped(std::string_view bytes) {
  static std::atomic<int> count = 0;
  const std::string path = testing::TempDir() + "thane_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  auto file = MappedFile::open(path);
  std::remove(path.c_str());
  EXPECT_TRUE(file.ok()) << (file.ok() ? "" : file.error().to_string());
  return file.ok() ? *file : nullptr;
}

// Calls read(file) for every prefix of `bytes` and for `bytes` with each byte set to a few hostile values: nothing is
// expected but that it returns. Run under sanitizers.
template <class Read>
void torture(std::string_view bytes, const Read& read) {
  for (size_t size = 0; size < bytes.size(); ++size) read(mapped(bytes.substr(0, size)));
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (char value : {'\0', '\x01', '\x7f', '\x80', '\xff', '9', '-'}) {
      std::string broken(bytes);
      broken[at] = value;
      read(mapped(broken));
    }
  }
}

}  // namespace thane
