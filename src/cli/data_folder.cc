#include "cli/data_folder.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/format.h"
#include "cli/options.h"

namespace thane::cli {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

std::string data_folder(const Arguments& arguments) {
  if (arguments.has(kHome)) return std::filesystem::absolute(arguments.text(kHome)).string();
  if (const std::string shared = variable("XDG_DATA_HOME"); shared.starts_with('/')) return shared + "/thane";
  const std::string home = variable("HOME");
  return (home.empty() ? std::filesystem::temp_directory_path().string() : home) + "/.local/share/thane";
}

Scratch::Scratch(const std::string& home) {
  const std::filesystem::path folder = std::filesystem::path(home) / "scratch";
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const auto owner = parse_integer(it->path().filename().string());
    const bool gone = owner && *owner > 0 && ::kill(static_cast<pid_t>(*owner), 0) != 0;
    std::error_code ignored;
    if (gone) std::filesystem::remove_all(it->path(), ignored);
  }
  path_ = (folder / std::to_string(::getpid())).string();
  std::filesystem::create_directories(path_, error);
}

Scratch::~Scratch() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
  std::filesystem::remove(std::filesystem::path(path_).parent_path(), error);  // only when nobody else is at work
}

}  // namespace thane::cli
