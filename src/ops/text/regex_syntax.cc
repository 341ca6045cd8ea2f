#include "ops/text/regex_syntax.h"

#include <algorithm>

#include "base/format.h"
#include "ops/text/unicode.h"

namespace thane {
namespace {

constexpr int kMostNesting = 250;
constexpr int kMostRepeats = 1000;  // as RE2
constexpr char32_t kLastRune = 0x10ffff;

struct NamedClass {
  std::string_view name;
  std::string_view ranges;  // pairs of first and last character
};
constexpr NamedClass kPosixClasses[] = {
    {"alnum", "09AZaz"},
    {"alpha", "AZaz"},
    {"ascii", {"\0\x7f", 2}},
    {"blank", "\t\t  "},
    {"cntrl", {"\0\x1f\x7f\x7f", 4}},
    {"digit", "09"},
    {"graph", "!~"},
    {"lower", "az"},
    {"print", " ~"},
    {"punct", "!/:@[`{~"},
    {"space", "\t\r  "},
    {"upper", "AZ"},
    {"word", "09AZaz__"},
    {"xdigit", "09AFaf"},
};
constexpr NamedClass kPerlClasses[] = {{"d", "09"}, {"s", "\t\n\f\r  "}, {"w", "09AZaz__"}};

CharClass class_of(std::string_view ranges) {
  CharClass set;
  for (size_t i = 0; i + 1 < ranges.size(); i += 2) {
    set.ranges.push_back({static_cast<unsigned char>(ranges[i]), static_cast<unsigned char>(ranges[i + 1])});
  }
  return set;
}

struct Flags {
  bool fold_case = false, multi_line = false, dot_newline = false;
};

class Parser {
 public:
  explicit Parser(std::string_view pattern) : text_(pattern) {}

  Result<RegexTree> parse() {
    THANE_ASSIGN(tree_.root, alternation(0));
    if (!done()) return wrong("an unmatched ')'");
    return std::move(tree_);
  }

 private:
  using Kind = RegexNode::Kind;

  bool done() const { return at_ >= text_.size(); }
  bool looking_at(std::string_view token) const { return text_.substr(at_).starts_with(token); }
  bool accept(std::string_view token) {
    if (!looking_at(token)) return false;
    at_ += token.size();
    return true;
  }
  Error wrong(std::string_view what) const {
    return invalid_model(format("the regular expression has {} at byte {}", what, at_)).expecting("RE2 syntax");
  }

  uint32_t add(RegexNode node) {
    tree_.nodes.push_back(std::move(node));
    return static_cast<uint32_t>(tree_.nodes.size() - 1);
  }
  uint32_t add_class(CharClass set) {
    set.fold_case = flags_.fold_case;
    tree_.classes.push_back(std::move(set));
    return add({.kind = Kind::kClass, .argument = static_cast<uint32_t>(tree_.classes.size() - 1)});
  }
  uint32_t add_literal(char32_t code) { return add_class({.ranges = {{code, code}}}); }
  uint32_t add_assertion(RegexAssertion assertion) {
    return add({.kind = Kind::kAssert, .argument = static_cast<uint32_t>(assertion)});
  }

  // a|b|c
  Result<uint32_t> alternation(int depth) {
    if (depth > kMostNesting) return wrong("groups nested more than 250 deep");
    RegexNode node{.kind = Kind::kAlternate};
    do {
      THANE_ASSIGN(const uint32_t branch, sequence(depth));
      node.children.push_back(branch);
    } while (accept("|"));
    return node.children.size() == 1 ? node.children[0] : add(std::move(node));
  }

  // abc; flags set on the way hold until the end of the enclosing group
  Result<uint32_t> sequence(int depth) {
    RegexNode node{.kind = Kind::kConcat};
    while (!done() && !looking_at("|") && !looking_at(")")) {
      uint32_t item = 0;
      if (accept("\\Q")) {
        const size_t before = node.children.size();
        THANE_TRY(quoted(node.children));
        if (node.children.size() == before) continue;
        item = node.children.back();  // what follows may repeat the last character
        node.children.pop_back();
      } else {
        THANE_ASSIGN(item, atom(depth));
      }
      bool repeated = false;
      for (RegexNode repeat; repetition(repeat); repeated = true) {
        if (repeated) return wrong("a repetition of a repetition");
        if (repeat.most > kMostRepeats || repeat.least > kMostRepeats ||
            (repeat.most >= 0 && repeat.least > repeat.most)) {
          return wrong("a repetition out of range");
        }
        repeat.lazy = accept("?");
        repeat.children = {item};
        item = add(std::move(repeat));
        repeat = {};
      }
      node.children.push_back(item);
    }
    return add(std::move(node));
  }

  Status quoted(std::vector<uint32_t>& items) {
    while (!done() && !accept("\\E")) {
      THANE_ASSIGN(const char32_t code, code_point());
      items.push_back(add_literal(code));
    }
    return ok();
  }

  // Reads *, +, ?, {n}, {n,}, {n,m}. Braces that are no repetition are literal.
  bool repetition(RegexNode& node) {
    node.kind = Kind::kRepeat;
    if (accept("*")) return node.least = 0, node.most = -1, true;
    if (accept("+")) return node.least = 1, node.most = -1, true;
    if (accept("?")) return node.least = 0, node.most = 1, true;
    if (!looking_at("{")) return false;
    const size_t begin = at_++;
    const auto number = [&](int32_t& value) {
      const size_t first = at_;
      value = 0;
      for (; !done() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
        value = std::min(value * 10 + (text_[at_] - '0'), kMostRepeats + 1);
      }
      return at_ > first;
    };
    if (number(node.least)) {
      node.most = node.least;
      if (accept(",") && !number(node.most)) node.most = -1;
      if (accept("}")) return true;
    }
    at_ = begin;
    return false;
  }

  Result<uint32_t> atom(int depth) {
    if (accept("(")) return group(depth);
    if (accept("[")) return bracket();
    if (accept(".")) {
      CharClass any{.ranges = {{0, kLastRune}}};
      if (!flags_.dot_newline) any.ranges = {{0, '\n' - 1}, {'\n' + 1, kLastRune}};
      return add_class(std::move(any));
    }
    if (accept("^")) return add_assertion(flags_.multi_line ? RegexAssertion::kLineBegin : RegexAssertion::kTextBegin);
    if (accept("$")) return add_assertion(flags_.multi_line ? RegexAssertion::kLineEnd : RegexAssertion::kTextEnd);
    if (accept("\\A")) return add_assertion(RegexAssertion::kTextBegin);
    if (accept("\\z")) return add_assertion(RegexAssertion::kTextEnd);
    if (accept("\\b")) return add_assertion(RegexAssertion::kWordBoundary);
    if (accept("\\B")) return add_assertion(RegexAssertion::kNotWordBoundary);
    if (looking_at("*") || looking_at("+") || looking_at("?")) return wrong("a repetition of nothing");
    if (looking_at("\\")) {
      CharClass set;
      THANE_ASSIGN(const bool is_set, class_escape(set));
      if (is_set) return add_class(std::move(set));
    }
    THANE_ASSIGN(const char32_t code, character());
    return add_literal(code);
  }

  // After "(".
  Result<uint32_t> group(int depth) {
    const Flags outer = flags_;
    uint32_t number = 0;
    if (accept("?P<") || accept("?<")) {
      if (looking_at("=") || looking_at("!")) return wrong("a look-behind, which RE2 does not have,");
      const size_t begin = at_;
      while (!done() && text_[at_] != '>') ++at_;
      if (done() || at_ == begin) return wrong("a group name without an end");
      ++at_;
      number = ++tree_.groups;
    } else if (accept("?")) {
      THANE_TRY(set_flags());
      if (accept(")")) return add({});  // flags for the rest of the enclosing group
      if (!accept(":")) return wrong("an unknown kind of group");
    } else {
      number = ++tree_.groups;
    }
    THANE_ASSIGN(const uint32_t inner, alternation(depth + 1));
    if (!accept(")")) return wrong("a missing ')'");
    flags_ = outer;
    if (number > 0) return add({.kind = Kind::kCapture, .argument = number, .children = {inner}});
    return inner;
  }

  Status set_flags() {
    for (bool value = true; !done(); ++at_) {
      switch (text_[at_]) {
        case 'i': flags_.fold_case = value; break;
        case 'm': flags_.multi_line = value; break;
        case 's': flags_.dot_newline = value; break;
        case 'U': break;  // greed
        case '-': value = false; break;
        default: return ok();
      }
    }
    return ok();
  }

  // After "[".
  Result<uint32_t> bracket() {
    CharClass set;
    set.negated = accept("^");
    for (bool first = true; first || !accept("]"); first = false) {
      if (done()) return wrong("a missing ']'");
      CharClass part;
      THANE_ASSIGN(const bool is_set, class_element(part));
      if (is_set) {
        set.parts.push_back(std::move(part));
        continue;
      }
      THANE_ASSIGN(const char32_t low, character());
      char32_t high = low;
      if (looking_at("-") && !looking_at("-]")) {
        accept("-");
        if (done()) return wrong("a missing ']'");
        THANE_ASSIGN(high, character());
        if (high < low) return wrong("a range that runs backwards");
      }
      set.ranges.push_back({low, high});
    }
    return add_class(std::move(set));
  }

  // [:name:] or an escaped class within brackets.
  Result<bool> class_element(CharClass& set) {
    if (looking_at("\\")) return class_escape(set);
    const size_t end = looking_at("[:") ? text_.find(":]", at_ + 2) : std::string_view::npos;
    if (end == std::string_view::npos) return false;
    std::string_view name = text_.substr(at_ + 2, end - at_ - 2);
    const bool negated = name.starts_with('^');
    if (negated) name.remove_prefix(1);
    for (const NamedClass& known : kPosixClasses) {
      if (known.name != name) continue;
      set = class_of(known.ranges);
      set.negated = negated;
      at_ = end + 2;
      return true;
    }
    return wrong("an unknown class name");
  }

  // \d \D \s \S \w \W \pN \p{Name} \P…; false, reading nothing, for any other escape.
  Result<bool> class_escape(CharClass& set) {
    const char letter = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    const char lower = static_cast<char>(letter | 0x20);
    for (const NamedClass& known : kPerlClasses) {
      if (known.name[0] != lower) continue;
      set = class_of(known.ranges);
      set.negated = letter != lower;
      at_ += 2;
      return true;
    }
    if (lower != 'p') return false;
    at_ += 2;
    std::string_view name;
    if (accept("{")) {
      const size_t end = text_.find('}', at_);
      if (end == std::string_view::npos) return wrong("a missing '}'");
      name = text_.substr(at_, end - at_);
      at_ = end + 1;
    } else if (!done()) {
      name = text_.substr(at_++, 1);
    }
    set.negated = letter == 'P';
    if (name.starts_with('^')) {
      set.negated = !set.negated;
      name.remove_prefix(1);
    }
    if (name == "Any") {
      set.ranges = {{0, kLastRune}};
      return true;
    }
    const auto mask = category_mask(name);
    if (!mask) return wrong("a Unicode class that is no general category");
    set.categories = *mask;
    return true;
  }

  Result<char32_t> code_point() {
    const char32_t code = next_code_point(text_, at_);
    if (code == kInvalidCodePoint) return wrong("invalid UTF-8");
    return code;
  }

  // A literal character, perhaps escaped.
  Result<char32_t> character() {
    if (!accept("\\")) return code_point();
    if (done()) return wrong("a '\\' without a character");
    const char letter = text_[at_];
    constexpr std::string_view kLetters = "aftnrv", kCodes = "\a\f\t\n\r\v";
    if (const size_t place = kLetters.find(letter); place != std::string_view::npos) {
      ++at_;
      return static_cast<char32_t>(kCodes[place]);
    }
    if (accept("x")) return hexadecimal();
    const bool octal = letter == '0' || (letter >= '1' && letter <= '7' && at_ + 1 < text_.size() &&
                                         text_[at_ + 1] >= '0' && text_[at_ + 1] <= '7');
    if (octal) {
      char32_t code = 0;
      for (int i = 0; i < 3 && !done() && text_[at_] >= '0' && text_[at_] <= '7'; ++i) {
        code = code * 8 + static_cast<char32_t>(text_[at_++] - '0');
      }
      return code;
    }
    const bool is_word = (letter >= '0' && letter <= '9') || ((letter | 0x20) >= 'a' && (letter | 0x20) <= 'z');
    if (is_word) return wrong("an unknown escape");
    return code_point();
  }

  Result<char32_t> hexadecimal() {
    const bool braced = accept("{");
    char32_t code = 0;
    size_t digits = 0;
    for (; !done() && digits < (braced ? 8u : 2u); ++at_, ++digits) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const char c = text_[at_] >= 'A' && text_[at_] <= 'F' ? static_cast<char>(text_[at_] | 0x20) : text_[at_];
      const size_t digit = kDigits.find(c);
      if (digit == std::string_view::npos) break;
      code = code * 16 + static_cast<char32_t>(digit);
    }
    if (digits < (braced ? 1u : 2u) || (braced && !accept("}")) || code > kLastRune) {
      return wrong("a bad \\x escape");
    }
    return code;
  }

  std::string_view text_;
  size_t at_ = 0;
  Flags flags_;
  RegexTree tree_;
};

}  // namespace

Result<RegexTree> parse_regex(std::string_view pattern) { return Parser(pattern).parse(); }

}  // namespace thane
