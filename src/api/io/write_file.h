// Writing result files.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace thane {

// Writes `bytes` to `path` under a temporary name first: the file is there whole or not at all.
Status write_file(const std::string& path, std::string_view bytes);
// Makes `path` and the folders above it; fine when it is there.
Status make_folder(const std::string& path);
// `name` as a file name: what is not a letter, a digit or one of "._-" becomes '_'; never empty, hidden or over 100
// bytes.
std::string file_name_of(std::string_view name);

}  // namespace thane
