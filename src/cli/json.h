// Writes JSON: keys in the order given, numbers so that reading them gives the same bits. NaN and infinities, which
// JSON lacks, become the strings "nan", "inf" and "-inf".
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thane::cli {

class Json {
 public:
  Json& begin_object() { return open('{'); }
  Json& end_object() { return close('}'); }
  Json& begin_array() { return open('['); }
  Json& end_array() { return close(']'); }
  Json& key(std::string_view name);

  Json& value(std::string_view text);  // invalid UTF-8 becomes U+FFFD
  Json& value(const char* text) { return value(std::string_view(text)); }
  Json& value(bool flag) { return raw(flag ? "true" : "false"); }
  Json& value(double number);
  Json& value(float number);
  Json& value(std::integral auto number) { return raw(std::to_string(number)); }
  Json& null() { return raw("null"); }
  template <class T>
  Json& value(const std::vector<T>& items) {
    begin_array();
    for (const T& item : items) value(item);
    return end_array();
  }
  template <class T>
  Json& field(std::string_view name, const T& v) {
    return key(name).value(v);
  }

  // The text, ended by a newline.
  const std::string& text() { return text_ += '\n'; }

 private:
  Json& open(char bracket);
  Json& close(char bracket);
  Json& raw(std::string_view token);
  void separate();
  void new_line();

  struct Open {
    char bracket;
    bool filled;
  };
  std::string text_;
  std::vector<Open> open_;
  bool after_key_ = false;
};

}  // namespace thane::cli
