// Files that travel inside the program, compressed (cmake/ThaneEmbed.cmake).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace thane {

struct EmbeddedFile {
  std::string_view name;
  std::string_view gzip;
  size_t size;  // bytes of its text
};

// The text of the file of that name; empty when there is none.
std::string embedded_text(std::span<const EmbeddedFile> files, std::string_view name);

}  // namespace thane
