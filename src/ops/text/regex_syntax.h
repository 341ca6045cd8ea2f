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

struct RegexNode {
  enum class Kind : uint8_t { kEmpty, kClass, kAssert, kConcat, kAlternate, kRepeat };
  Kind kind = Kind::kEmpty;
  uint32_t argument = 0;           // class or assertion
  int32_t least = 0, most = 0;     // repetitions; most -1: no bound
  std::vector<uint32_t> children;  // indices of nodes
};

struct RegexTree {
  std::vector<RegexNode> nodes;
  std::vector<CharClass> classes;
  uint32_t root = 0;
};

Result<RegexTree> parse_regex(std::string_view pattern);

}  // namespace thane
