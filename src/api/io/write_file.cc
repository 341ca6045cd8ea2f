#include "api/io/write_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

namespace thane {

Status write_file(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".partial" + std::to_string(::getpid());
  const auto fail = [&] { return io_error(std::string("cannot write: ") + std::strerror(errno)).at(path); };
  {
    const auto close = [](std::FILE* file) { std::fclose(file); };
    const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(temporary.c_str(), "wb"));
    if (!file) return fail();
    if (std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size() || std::fflush(file.get()) != 0) {
      auto error = fail();
      std::remove(temporary.c_str());
      return error;
    }
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    auto error = fail();
    std::remove(temporary.c_str());
    return error;
  }
  return ok();
}

Status make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return io_error("cannot make the folder: " + error.message()).at(path);
  return ok();
}

std::string file_name_of(std::string_view name) {
  constexpr size_t kMost = 100;
  std::string out;
  for (char c : name.substr(0, kMost)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                       c == '-' || (c == '.' && !out.empty());
    out += plain ? c : '_';
  }
  return out.empty() ? "_" : out;
}

}  // namespace thane
