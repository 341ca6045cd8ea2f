#include "formats/containers/pickle_literals.h"

#include <cstdint>

namespace thane {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// `count` hex digits from `at`; nothing when they are not there.
std::optional<char32_t> hex_number(std::string_view text, size_t at, size_t count) {
  if (text.size() < at + count) return std::nullopt;
  char32_t value = 0;
  for (size_t i = 0; i < count; ++i) {
    const int digit = hex_digit(text[at + i]);
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<char32_t>(digit);
  }
  return value;
}

}  // namespace

void append_utf8(char32_t code, std::string& to) {
  const auto put = [&](char32_t byte) { to += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) return put(0xc0 | code >> 6), put(0x80 | (code & 0x3f));
  if (code < 0x10000) return put(0xe0 | code >> 12), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
  if (code > 0x10ffff) code = 0xfffd;
  put(0xf0 | code >> 18), put(0x80 | (code >> 12 & 0x3f)), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
}

std::string unescape_unicode(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t digits = text[i] != '\\' || i + 1 == text.size() ? 0
                          : text[i + 1] == 'u'                    ? 4
                          : text[i + 1] == 'U'                    ? 8
                                                                  : 0;
    const auto code = digits ? hex_number(text, i + 2, digits) : std::nullopt;
    append_utf8(code ? *code : static_cast<unsigned char>(text[i]), plain);
    if (code) i += 1 + digits;
  }
  return plain;
}

std::optional<std::string> unescape_string(std::string_view text) {
  if (text.size() < 2 || text.front() != text.back() || (text.front() != '\'' && text.front() != '"')) {
    return std::nullopt;
  }
  text = text.substr(1, text.size() - 2);
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      plain += text[i];
      continue;
    }
    const char c = text[++i];
    constexpr std::string_view kLetters = "ntr0abfv\\'\"", kMeanings("\n\t\r\0\a\b\f\v\\'\"", 11);
    if (c == 'x') {
      if (const auto code = hex_number(text, i + 1, 2)) {
        plain += static_cast<char>(*code);
        i += 2;
        continue;
      }
    }
    const size_t known = kLetters.find(c);
    if (known == std::string_view::npos) plain += '\\';
    plain += known == std::string_view::npos ? c : kMeanings[known];
  }
  return plain;
}

std::string hexadecimal(std::string_view bytes) {
  const bool negative = !bytes.empty() && (bytes.back() & 0x80);
  std::string digits;
  unsigned carry = 1;
  for (const char c : bytes) {  // least significant first
    unsigned byte = static_cast<unsigned char>(c);
    if (negative) {
      byte = (byte ^ 0xff) + carry;
      carry = byte >> 8;
      byte &= 0xff;
    }
    digits += "0123456789abcdef"[byte & 15];
    digits += "0123456789abcdef"[byte >> 4];
  }
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  return (negative ? "-0x" : "0x") + std::string(digits.rbegin(), digits.rend());
}

std::optional<std::string> latin1_from_utf8(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      plain += text[i];
      continue;
    }
    // Only U+0080 … U+00FF fit: two bytes, the first 0xC2 or 0xC3.
    const bool pair = i + 1 < text.size() && (static_cast<unsigned char>(text[i + 1]) & 0xc0) == 0x80;
    if ((byte & 0xfe) != 0xc2 || !pair) return std::nullopt;
    plain += static_cast<char>((byte & 3) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3f));
  }
  return plain;
}

}  // namespace thane
