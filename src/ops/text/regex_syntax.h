// The syntax tree of a regular expression, between parsing and compiling.
#pragma once

#include <string_view>
#include <vector>

#include "ops/text/regex.h"

namespace thane {

enum class RegexAssertion : uint32_t {
  kTextBegin,
  kTextEnd,
  kLineBegin,
  kLineEnd,
  kWordBoundary,
  kNotWordBoundary,
};

// Whether it holds between the characters `before` and `after`.
bool regex_holds(RegexAssertion assertion, bool first, char32_t before, bool last, char32_t after);

struct RegexNode {
  enum class Kind : uint8_t { kEmpty, kClass, kAssert, kConcat, kAlternate, kRepeat, kCapture };
  Kind kind = Kind::kEmpty;
  uint32_t argument = 0;           // class, assertion, or number of the capturing group
  int32_t least = 0, most = 0;     // repetitions; most -1: no bound
  bool lazy = false;               // prefers few
  std::vector<uint32_t> children;  // indices of nodes
};

struct RegexTree {
  std::vector<RegexNode> nodes;
  std::vector<CharClass> classes;
  uint32_t root = 0;
  uint32_t groups = 0;  // capturing ones
};

Result<RegexTree> parse_regex(std::string_view pattern);

}  // namespace thane
