// The literals of text pickles (protocol 0), and numbers of any length.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace thane {

// Raw unicode escapes (Latin-1 with \uXXXX and \UXXXXXXXX) as UTF-8.
std::string unescape_unicode(std::string_view text);
// A quoted Python 2 string; nothing when the quotes are missing.
std::optional<std::string> unescape_string(std::string_view text);
// Little-endian two's complement as "0x…" or "-0x…".
std::string hexadecimal(std::string_view bytes);

void append_utf8(char32_t code, std::string& to);
// UTF-8 as Latin-1; nothing when a character does not fit or the text is no UTF-8.
std::optional<std::string> latin1_from_utf8(std::string_view text);

}  // namespace thane
