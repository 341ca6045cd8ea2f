// String formatting with {fmt}'s syntax, checked at compile time. The formatter itself is compiled once (format.cc), so
// that nobody pays for it twice and the binary needs no shared library for it.
#pragma once

#include <fmt/core.h>

#include <string>

namespace thane {

std::string format_args(fmt::string_view format, fmt::format_args args);

template <class... Args>
std::string format(fmt::format_string<Args...> text, Args&&... args) {
  return format_args(text, fmt::make_format_args(args...));
}

}  // namespace thane
