// Waiting for a file to become another one.
#pragma once

#include <cstdint>
#include <string>

namespace thane::cli {

// What tells one state of a file from the next, be it replaced (another inode) or written in place.
struct FileState {
  bool there = false;
  uint64_t device = 0, inode = 0, bytes = 0;
  int64_t modified_ns = 0, changed_ns = 0;
  bool operator==(const FileState&) const = default;
};

FileState state_of(const std::string& path);
// Returns once the file is there and its state is not `seen`. Looks a hundred times a second, which costs nothing
// measurable and works on every file system.
FileState wait_for_change(const std::string& path, const FileState& seen);
void pause_for(int milliseconds);

}  // namespace thane::cli
