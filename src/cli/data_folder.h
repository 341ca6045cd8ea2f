// Where engines and records live, and temporary folders that go away.
#pragma once

#include <string>

#include "cli/arguments.h"

namespace thane::cli {

// --home, else thane below $XDG_DATA_HOME, else below ~/.local/share. Not made by asking.
std::string data_folder(const Arguments& arguments);

// A folder for this process's temporary files, gone with the object. What processes that were killed left behind is
// swept away when the next one is made.
class Scratch {
 public:
  explicit Scratch(const std::string& home);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace thane::cli
