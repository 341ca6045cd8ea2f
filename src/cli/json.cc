#include "cli/json.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/format.h"

namespace thane::cli {
namespace {

// Length of the UTF-8 sequence at `i`, 0 when it is none.
size_t sequence_length(std::string_view text, size_t i) {
  const auto at = [&](size_t k) { return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u; };
  const auto tail = [&](size_t k) { return (at(k) & 0xc0) == 0x80; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0 && tail(1)) return 2;
  const bool overlong_or_surrogate = (lead == 0xe0 && at(1) < 0xa0) || (lead == 0xed && at(1) > 0x9f);
  if (lead >= 0xe0 && lead < 0xf0 && tail(1) && tail(2) && !overlong_or_surrogate) return 3;
  const bool out_of_range = (lead == 0xf0 && at(1) < 0x90) || (lead == 0xf4 && at(1) > 0x8f);
  if (lead >= 0xf0 && lead < 0xf5 && tail(1) && tail(2) && tail(3) && !out_of_range) return 4;
  return 0;
}

std::string escaped(std::string_view text) {
  std::string out = "\"";
  for (size_t i = 0; i < text.size();) {
    const size_t length = sequence_length(text, i);
    const char c = text[i];
    if (length == 0) {
      out += "\xef\xbf\xbd";
    } else if (length > 1) {
      out += text.substr(i, length);
    } else if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
    i += length ? length : 1;
  }
  return out + "\"";
}

template <class T>
std::string number(T value) {
  if (std::isnan(value)) return "\"nan\"";
  if (std::isinf(value)) return value > 0 ? "\"inf\"" : "\"-inf\"";
  return format("{}", value);
}

}  // namespace

Json& Json::key(std::string_view name) {
  separate();
  text_ += escaped(name) + ": ";
  after_key_ = true;
  return *this;
}

Json& Json::value(std::string_view text) { return raw(escaped(text)); }
Json& Json::value(double v) { return raw(number(v)); }
Json& Json::value(float v) { return raw(number(v)); }

// Before a key, or a value in an array. Members of objects stand on lines of their own, elements of arrays do not.
void Json::separate() {
  if (std::exchange(after_key_, false) || open_.empty()) return;
  if (open_.back().filled) text_ += open_.back().bracket == '{' ? "," : ", ";
  if (open_.back().bracket == '{') new_line();
  open_.back().filled = true;
}

void Json::new_line() {
  const auto depth = std::ranges::count_if(open_, [](const Open& o) { return o.bracket == '{'; });
  text_ += '\n' + std::string(2 * static_cast<size_t>(depth), ' ');
}

Json& Json::open(char bracket) {
  separate();
  text_ += bracket;
  open_.push_back({bracket, false});
  return *this;
}

Json& Json::close(char bracket) {
  const bool filled = open_.back().filled;
  open_.pop_back();
  if (bracket == '}' && filled) new_line();
  text_ += bracket;
  return *this;
}

Json& Json::raw(std::string_view token) {
  separate();
  text_ += token;
  return *this;
}

}  // namespace thane::cli
