#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace thane {

namespace {

// Closes a descriptor when the scope ends.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

// Splits at '/'; nothing when a part is "..", or the path is absolute, empty or has a NUL.
std::vector<std::string> relative_parts(const std::string& path) {
  if (path.empty() || path.front() == '/' || path.find('\0') != std::string::npos) return {};
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    if (part == "..") return {};
    if (!part.empty() && part != ".") parts.push_back(part);
    begin = end + 1;
  }
  return parts;
}

// The path with all symbolic links followed; empty when there is none.
std::string real_path(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (!resolved) return {};
  std::string text = resolved;
  std::free(resolved);
  return text;
}

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::map(int fd, const std::string& path, bool allow_links) {
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    return io_error("not a regular file").at(path).expecting("a file");
  }
  if (!allow_links && info.st_nlink > 1) {
    return io_error("is a hard link, which may lead to another file's data").at(path).hinting("copy the file");
  }
  const auto size = static_cast<size_t>(info.st_size);
  void* data = nullptr;
  if (size > 0) {
    data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) return io_error(std::string("cannot map: ") + std::strerror(errno)).at(path);
  }
  return std::shared_ptr<const MappedFile>(new MappedFile(path, static_cast<const std::byte*>(data), size, false));
}

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::string& path) {
  // Non-blocking: a FIFO must not hang us.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) return io_error(std::strerror(errno)).at(path).expecting("a readable file");
  return map(file.fd, path, true);
}

Result<std::shared_ptr<const MappedFile>> MappedFile::open_beneath(const std::string& folder,
                                                                   const std::string& relative) {
  if (relative_parts(relative).empty()) {
    return invalid_model("'" + relative + "' leaves the folder").expecting("a path below " + folder);
  }
  const std::string root = real_path(folder);
  const std::string real = real_path(folder + "/" + relative);
  if (real.empty()) return io_error(std::strerror(errno)).at(folder + "/" + relative).expecting("a readable file");
  const std::string prefix = root == "/" ? root : root + "/";
  if (!real.starts_with(prefix)) {
    return invalid_model("'" + relative + "' is a link that leaves the folder").expecting("a file below " + folder);
  }
  // No link is followed any more, so that what was checked is what is opened.
  Descriptor at{::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  const auto parts = relative_parts(real.substr(prefix.size()));
  for (size_t i = 0; at.fd >= 0 && i < parts.size(); ++i) {
    const int kind = i + 1 < parts.size() ? O_DIRECTORY : O_NONBLOCK;
    const int next = ::openat(at.fd, parts[i].c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | kind);
    const int error = errno;
    ::close(at.fd);
    at.fd = next;
    errno = error;
  }
  if (at.fd < 0) return io_error(std::strerror(errno)).at(real).expecting("a readable file");
  return map(at.fd, real, false);
}

Result<std::shared_ptr<const MappedFile>> MappedFile::read(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat info {};
  if (file.fd < 0 || ::fstat(file.fd, &info) != 0) return io_error(std::strerror(errno)).at(path);
  if (!S_ISREG(info.st_mode)) return io_error("not a regular file").at(path).expecting("a file");
  const auto size = static_cast<size_t>(info.st_size);
  void* data = nullptr;
  if (size > 0) {
    data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) return resource_limit(std::string("cannot read: ") + std::strerror(errno)).at(path);
  }
  std::shared_ptr<const MappedFile> copy(new MappedFile(path, static_cast<const std::byte*>(data), size, true));
  for (size_t done = 0; done < size;) {
    const ssize_t got = ::read(file.fd, static_cast<std::byte*>(data) + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return io_error("the file changes while it is read").at(path);
    done += static_cast<size_t>(got);
  }
  return copy;
}

void MappedFile::unload(std::span<const std::byte> part) const {
  if (is_copy_) return;
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));  // at which data_ begins
  const auto offset = static_cast<size_t>(part.data() - data_);
  const size_t begin = (offset + page - 1) / page * page, end = (offset + part.size()) / page * page;
  if (begin < end) ::madvise(const_cast<std::byte*>(data_) + begin, end - begin, MADV_DONTNEED);
}

MappedFile::~MappedFile() {
  if (size_ > 0) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace thane
