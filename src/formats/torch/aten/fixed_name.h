// Names as template arguments: one function per kind of op, a row per name.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace thane::aten {

template <size_t N>
struct Name {
  char text[N];
  consteval Name(const char (&source)[N]) { std::copy_n(source, N, text); }
  constexpr operator std::string_view() const { return {text, N - 1}; }
};

}  // namespace thane::aten
