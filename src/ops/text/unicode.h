// UTF-8 and the little of Unicode that text ops need: case mappings and general categories.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thane {

inline constexpr char32_t kInvalidCodePoint = 0xffffffff;

// The code point at text[at], moving `at` past it. A byte that begins no valid sequence gives kInvalidCodePoint and
// counts as one. Requires at < text.size().
char32_t next_code_point(std::string_view text, size_t& at);
void append_utf8(std::string& text, char32_t code);

// Simple (one to one) mappings; what has none maps to itself.
char32_t to_lower(char32_t code);
char32_t to_upper(char32_t code);
// Every code point mapped; invalid bytes stay.
std::string map_case(std::string_view text, char32_t (*map)(char32_t));
// Full mappings, which may lengthen: upper case of "straße" is "STRASSE". Without those that depend on neighbours or
// languages; invalid bytes stay.
std::string full_lower_case(std::string_view text);
std::string full_upper_case(std::string_view text);

// Sets of general categories as bits. "L" and "Lu" both name one; nothing for a name that is none.
std::optional<uint32_t> category_mask(std::string_view name);
uint32_t category_bit(char32_t code);  // 0 when invalid

}  // namespace thane
