// Compiling a syntax tree into states, and running all of them that are reachable at once.
#include "ops/text/regex.h"

#include <algorithm>

#include "ops/text/regex_syntax.h"
#include "ops/text/unicode.h"

namespace thane {
namespace {

constexpr uint32_t kMostStates = 1 << 16;
constexpr char32_t kNoCharacter = kInvalidCodePoint;

bool is_word_character(char32_t c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

}  // namespace

bool regex_holds(RegexAssertion assertion, bool first, char32_t before, bool last, char32_t after) {
  switch (assertion) {
    case RegexAssertion::kTextBegin: return first;
    case RegexAssertion::kTextEnd: return last;
    case RegexAssertion::kLineBegin: return first || before == '\n';
    case RegexAssertion::kLineEnd: return last || after == '\n';
    case RegexAssertion::kWordBoundary: return is_word_character(before) != is_word_character(after);
    case RegexAssertion::kNotWordBoundary: return is_word_character(before) == is_word_character(after);
  }
  return false;
}

namespace {

bool lists(const CharClass& set, char32_t code) {
  return std::any_of(set.ranges.begin(), set.ranges.end(),
                     [&](const CharClass::Range& range) { return code >= range.first && code <= range.last; }) ||
         (set.categories && (category_bit(code) & set.categories)) ||
         std::any_of(set.parts.begin(), set.parts.end(),
                     [&](const CharClass& part) { return lists(part, code) != part.negated; });
}

}  // namespace

bool CharClass::contains(char32_t code) const {
  if (code == kInvalidCodePoint) return false;
  if (lists(*this, code)) return !negated;
  if (!fold_case) return negated;
  // A character belongs when one that differs only in case does; negation comes after that.
  const char32_t upper = to_upper(code);
  const bool found = lists(*this, upper) || lists(*this, to_lower(code)) || lists(*this, to_lower(upper));
  return found != negated;
}

// Builds states from the back: each node is given the state that follows it.
class RegexCompiler {
 public:
  RegexCompiler(const RegexTree& tree, Regex& regex) : tree_(tree), regex_(regex) {}

  Status run() {
    const uint32_t accept = add({Regex::Kind::kAccept, 0, 0, 0});
    regex_.start_ = emit(tree_.root, accept);
    if (too_large_) return resource_limit("the regular expression is too large").expecting("at most 65536 states");
    return ok();
  }

 private:
  uint32_t add(Regex::State state) {
    if (regex_.states_.size() >= kMostStates) {
      too_large_ = true;
      return 0;
    }
    regex_.states_.push_back(state);
    return static_cast<uint32_t>(regex_.states_.size() - 1);
  }
  uint32_t split(uint32_t next, uint32_t other) { return add({Regex::Kind::kSplit, 0, next, other}); }

  // Depth is bounded by the parser's; work by the number of calls, since empty nodes make no states.
  uint32_t emit(uint32_t index, uint32_t next) {
    const RegexNode& node = tree_.nodes[index];
    if (++calls_ > 4 * kMostStates) too_large_ = true;
    if (too_large_) return next;
    switch (node.kind) {
      case RegexNode::Kind::kEmpty: return next;
      case RegexNode::Kind::kClass: return add({Regex::Kind::kClass, node.argument, next, 0});
      case RegexNode::Kind::kAssert: return add({Regex::Kind::kAssert, node.argument, next, 0});
      case RegexNode::Kind::kConcat:
        for (size_t i = node.children.size(); i-- > 0;) next = emit(node.children[i], next);
        return next;
      case RegexNode::Kind::kAlternate: {
        uint32_t start = emit(node.children.back(), next);
        for (size_t i = node.children.size() - 1; i-- > 0;) start = split(emit(node.children[i], next), start);
        return start;
      }
      case RegexNode::Kind::kRepeat: return repeat(node, next);
      case RegexNode::Kind::kCapture: {
        const uint32_t end = add({Regex::Kind::kSave, 2 * node.argument + 1, next, 0});
        const uint32_t inner = emit(node.children[0], end);
        return add({Regex::Kind::kSave, 2 * node.argument, inner, 0});
      }
    }
    return next;
  }

  uint32_t repeat(const RegexNode& node, uint32_t next) {
    const uint32_t child = node.children[0];
    uint32_t start = next;
    if (node.most < 0) {
      const uint32_t loop = split(0, next);
      const uint32_t again = emit(child, loop);
      regex_.states_[loop].next = node.lazy ? next : again;
      regex_.states_[loop].other = node.lazy ? again : next;
      start = loop;
    } else {
      for (int i = node.least; i < node.most && !too_large_; ++i) {
        const uint32_t once = emit(child, start);
        start = node.lazy ? split(next, once) : split(once, next);
      }
    }
    for (int i = 0; i < node.least && !too_large_; ++i) start = emit(child, start);
    return start;
  }

  const RegexTree& tree_;
  Regex& regex_;
  uint32_t calls_ = 0;
  bool too_large_ = false;
};

// One match in progress: the set of states that have read the text so far.
class RegexRun {
 public:
  explicit RegexRun(const Regex& regex) : regex_(regex), entered_(regex.states_.size(), 0) {}

  bool full_match(std::string_view text) {
    char32_t before = kNoCharacter;
    std::vector<uint32_t> pending = {regex_.start_};
    for (size_t at = 0;;) {
      const bool first = at == 0, last = at == text.size();
      const char32_t code = last ? kNoCharacter : next_code_point(text, at);
      reach(pending, first, before, last, code);
      if (last) return accepted_;
      pending.clear();
      for (uint32_t id : readers_) {
        const Regex::State& state = regex_.states_[id];
        if (regex_.classes_[state.argument].contains(code)) pending.push_back(state.next);
      }
      if (pending.empty()) return false;
      before = code;
    }
  }

 private:
  // Follows `pending` through splits and assertions to the states that read a character.
  void reach(std::vector<uint32_t>& pending, bool first, char32_t before, bool last, char32_t after) {
    readers_.clear();
    accepted_ = false;
    ++round_;
    while (!pending.empty()) {
      const uint32_t id = pending.back();
      pending.pop_back();
      if (entered_[id] == round_) continue;
      entered_[id] = round_;
      const Regex::State& state = regex_.states_[id];
      switch (state.kind) {
        case Regex::Kind::kClass: readers_.push_back(id); break;
        case Regex::Kind::kAccept: accepted_ = true; break;
        case Regex::Kind::kSave: pending.push_back(state.next); break;
        case Regex::Kind::kSplit: pending.insert(pending.end(), {state.other, state.next}); break;
        case Regex::Kind::kAssert:
          if (regex_holds(static_cast<RegexAssertion>(state.argument), first, before, last, after)) {
            pending.push_back(state.next);
          }
          break;
      }
    }
  }

  const Regex& regex_;
  std::vector<uint64_t> entered_;  // round in which a state was last entered
  std::vector<uint32_t> readers_;
  uint64_t round_ = 0;
  bool accepted_ = false;
};

Result<std::shared_ptr<const Regex>> Regex::compile(std::string_view pattern) {
  THANE_ASSIGN(RegexTree tree, parse_regex(pattern));
  auto regex = std::make_shared<Regex>();
  THANE_TRY(RegexCompiler(tree, *regex).run());
  regex->classes_ = std::move(tree.classes);
  regex->groups_ = tree.groups;
  return std::shared_ptr<const Regex>(std::move(regex));
}

bool Regex::full_match(std::string_view text) const { return RegexRun(*this).full_match(text); }

}  // namespace thane
