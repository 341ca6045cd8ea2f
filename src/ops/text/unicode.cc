#include "ops/text/unicode.h"

#include <algorithm>

#include "ops/text/unicode_tables.h"

namespace thane {
namespace {

constexpr uint32_t kLastCodePoint = 0x10ffff;

char32_t mapped(std::span<const CaseRun> runs, char32_t code) {
  const auto after =
      std::upper_bound(runs.begin(), runs.end(), code, [](char32_t c, const CaseRun& run) { return c < run.first; });
  if (after == runs.begin()) return code;
  const CaseRun& run = *(after - 1);
  if (code > run.last || (code - run.first) % run.step != 0) return code;
  return static_cast<char32_t>(static_cast<int64_t>(code) + run.delta);
}

}  // namespace

char32_t next_code_point(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return text[at++];
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};  // shorter forms are the only valid ones
  if (lead < 0xc2 || lead > 0xf4 || length > text.size() - at) return ++at, kInvalidCodePoint;
  char32_t code = lead & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return ++at, kInvalidCodePoint;
    code = code << 6 | (byte(at + i) & 0x3f);
  }
  if (code < kLeast[length] || code > kLastCodePoint || (code >= 0xd800 && code < 0xe000)) {
    return ++at, kInvalidCodePoint;
  }
  at += length;
  return code;
}

void append_utf8(std::string& text, char32_t code) {
  const auto tail = [&](int shift) { text += static_cast<char>(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xc0 | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    text += static_cast<char>(0xe0 | code >> 12);
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xf0 | code >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

char32_t to_lower(char32_t code) { return mapped(lower_case_runs(), code); }
char32_t to_upper(char32_t code) { return mapped(upper_case_runs(), code); }

namespace {

// Every code point replaced by what append(out, code) adds; invalid bytes stay.
template <class Append>
std::string map_code_points(std::string_view text, const Append& append) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    const char32_t code = next_code_point(text, at);
    if (code == kInvalidCodePoint)
      out += text[begin];
    else
      append(out, code);
  }
  return out;
}

std::string full_case(std::string_view text, std::span<const FullCase> full, char32_t (*simple)(char32_t)) {
  return map_code_points(text, [&](std::string& out, char32_t code) {
    const auto found = std::lower_bound(full.begin(), full.end(), code,
                                        [](const FullCase& one, char32_t wanted) { return one.code < wanted; });
    if (found == full.end() || found->code != code) return append_utf8(out, simple(code));
    for (const uint16_t part : found->mapped) {
      if (part != 0) append_utf8(out, part);
    }
  });
}

}  // namespace

std::string map_case(std::string_view text, char32_t (*map)(char32_t)) {
  return map_code_points(text, [&](std::string& out, char32_t code) { append_utf8(out, map(code)); });
}
std::string full_lower_case(std::string_view text) { return full_case(text, full_lower_cases(), to_lower); }
std::string full_upper_case(std::string_view text) { return full_case(text, full_upper_cases(), to_upper); }

std::optional<uint32_t> category_mask(std::string_view name) {
  uint32_t mask = 0;
  const auto names = category_names();
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name || (name.size() == 1 && names[i][0] == name[0])) mask |= 1u << i;
  }
  return mask ? std::optional(mask) : std::nullopt;
}

uint32_t category_bit(char32_t code) {
  if (code > kLastCodePoint) return 0;
  const auto runs = category_runs();
  const auto after = std::upper_bound(runs.begin(), runs.end(), static_cast<uint32_t>(code) << 5 | 31u);
  return 1u << (*(after - 1) & 31u);
}

}  // namespace thane
