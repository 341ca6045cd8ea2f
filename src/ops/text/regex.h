// Regular expressions of RE2's syntax (https://github.com/google/re2/wiki/Syntax), matched in time linear in the text
// (Thompson, "Regular expression search algorithm", 1968): patterns come from model files, and a backtracking matcher
// could be made to run forever. Unlike RE2 it knows Unicode's general categories but not its scripts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace thane {

// A set of code points.
struct CharClass {
  struct Range {
    char32_t first, last;
  };
  std::vector<Range> ranges;
  uint32_t categories = 0;       // general categories that belong to it
  std::vector<CharClass> parts;  // further sets, perhaps negated, that belong to it
  bool negated = false;
  bool fold_case = false;

  bool contains(char32_t code) const;
};

class Regex {
 public:
  // Errors name the place in the pattern. Counted repetitions may make at most 2^16 states in all.
  static Result<std::shared_ptr<const Regex>> compile(std::string_view pattern);
  // Whether the whole text matches. Text that is not UTF-8 matches nothing where it is not.
  bool full_match(std::string_view text) const;

  // The leftmost match that begins at `from` or later, as a search with priorities finds it (the first alternative, the
  // longest repetition unless it is lazy): begin and end of the whole, then of each group; npos where a group took no
  // part. Empty: none.
  std::vector<size_t> search(std::string_view text, size_t from) const;
  uint32_t groups() const { return groups_; }

 private:
  friend class RegexCompiler;
  friend class RegexRun;
  friend class RegexSearch;
  enum class Kind : uint8_t { kClass, kSplit, kAssert, kAccept, kSave };
  struct State {
    Kind kind;
    uint32_t argument;  // class, assertion, or which position is noted
    uint32_t next;
    uint32_t other;  // of a split
  };
  std::vector<State> states_;
  std::vector<CharClass> classes_;
  uint32_t start_ = 0;
  uint32_t groups_ = 0;
};

}  // namespace thane
