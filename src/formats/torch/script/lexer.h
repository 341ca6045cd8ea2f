// Source text into tokens, with Python's rules for lines and indentation.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace thane::torchscript {

struct Token {
  enum class Kind : uint8_t { kName, kInt, kFloat, kImaginary, kString, kSymbol, kNewline, kIndent, kDedent, kEnd };
  Kind kind;
  uint32_t line;
  std::string_view text;  // of a string: with its quotes

  bool is(std::string_view symbol_or_word) const {
    return (kind == Kind::kSymbol || kind == Kind::kName) && text == symbol_or_word;
  }
};

// The last token is kEnd. Fails for characters Python does not know, open strings and brackets, and indentation that
// fits no enclosing block.
Result<std::vector<Token>> tokenize(std::string_view source);

// The text a string token stands for.
Result<std::string> unescape(std::string_view token);

}  // namespace thane::torchscript
