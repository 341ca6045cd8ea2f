// Files of this room that travel inside the program: worker scripts, and the pinned packages of each engine.
#pragma once

#include <string>
#include <string_view>

namespace thane::rivals::embedded {

std::string file(std::string_view name);  // "mnn.py", "mnn.txt"; empty when there is none

}  // namespace thane::rivals::embedded
