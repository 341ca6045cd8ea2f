#include "cli/file_watch.h"

#include <sys/stat.h>

#include "base/clock.h"

namespace thane::cli {
namespace {

int64_t nanoseconds(const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

}  // namespace

FileState state_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {true,
          static_cast<uint64_t>(info.st_dev),
          static_cast<uint64_t>(info.st_ino),
          static_cast<uint64_t>(info.st_size),
          nanoseconds(info.st_mtim),
          nanoseconds(info.st_ctim)};
}

FileState wait_for_change(const std::string& path, const FileState& seen) {
  for (;; pause_for(10)) {
    const FileState now = state_of(path);
    if (now.there && now != seen) return now;
  }
}

void pause_for(int milliseconds) { sleep_seconds(milliseconds * 1e-3); }

}  // namespace thane::cli
