// The engines on this machine: each in a virtual environment of its own below the data folder, or an interpreter that
// the user has and named. Nothing outside the data folder is touched.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "rivals/child.h"
#include "rivals/table.h"

namespace thane::rivals {

struct Installed {
  const Rival* rival = nullptr;
  std::string python;   // interpreter that runs its worker
  std::string folder;   // below the data folder; empty for a registered interpreter
  std::string version;  // of rival->package
  int64_t bytes = 0;    // on disk; of a registered interpreter: of the packages its worker needs, as far as known
};

// `home`: the data folder.
std::vector<Installed> installed_engines(const std::string& home);
// Nothing when it is not there.
std::optional<Installed> installed_engine(const std::string& home, const Rival& rival);

using Say = std::function<void(const std::string& line)>;

// Makes the environment and installs the pinned, hash-checked packages. What an earlier try left is used; a failure
// leaves nothing that counts as installed.
Result<Installed> install(const std::string& home, const Rival& rival, const Say& say);
// Takes the interpreter as it is, after its package was imported once.
Result<Installed> register_python(const std::string& home, const Rival& rival, const std::string& python);
Status remove(const std::string& home, const Rival& rival);

// How its worker is started. `scratch`: a temporary folder for rivals that need one.
Launch launch_of(const Installed& engine, int threads, const std::string& scratch, int64_t memory_bytes);

}  // namespace thane::rivals
