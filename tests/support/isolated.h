// Many independent checks, each in a process of its own: one that crashes or hangs fails alone.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace thane {

// Runs check(i) for i in [0, count), up to `jobs` at a time. A check returns the reason for its failure, empty for
// success. The result holds the reasons; a crash or running for more than `seconds` is one, too.
std::vector<std::string> run_isolated(size_t count, int jobs, unsigned seconds,
                                      const std::function<std::string(size_t)>& check);

}  // namespace thane
