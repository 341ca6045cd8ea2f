// Searching with groups: all ways to match are followed at once, in the order in which a backtracking matcher would try
// them (Pike's machine), so that the time stays linear in the text.
#include <algorithm>

#include "ops/text/regex.h"
#include "ops/text/regex_syntax.h"
#include "ops/text/unicode.h"

namespace thane {

class RegexSearch {
 public:
  explicit RegexSearch(const Regex& regex) : regex_(regex), entered_(regex.states_.size(), 0) {}

  std::vector<size_t> run(std::string_view text, size_t from) {
    std::vector<Thread> threads;
    char32_t before = kInvalidCodePoint;
    if (from > 0) {
      size_t at = from - 1;
      while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
      before = next_code_point(text, at);
    }
    std::vector<size_t> best;
    for (size_t at = from;;) {
      const bool last = at == text.size();
      size_t next = at;
      const char32_t code = last ? kInvalidCodePoint : next_code_point(text, next);
      const Place place{at, at == 0, last, before, code};
      // Threads already under way come first; a new one begins here as long as nothing has matched.
      ++round_;
      std::vector<Thread> ready;
      bool matched = false;
      for (Thread& thread : threads) {
        if ((matched = follow(std::move(thread), place, ready, best))) break;
      }
      if (!matched && best.empty()) {
        Thread fresh{regex_.start_, std::vector<size_t>(2 * (regex_.groups_ + size_t{1}), std::string_view::npos)};
        fresh.saved[0] = at;
        follow(std::move(fresh), place, ready, best);
      }
      if (last || (ready.empty() && !best.empty())) return best;
      threads.clear();
      for (Thread& thread : ready) {
        const Regex::State& state = regex_.states_[thread.state];
        if (!regex_.classes_[state.argument].contains(code)) continue;
        thread.state = state.next;
        threads.push_back(std::move(thread));
      }
      before = code;
      at = next;
    }
  }

 private:
  struct Thread {
    uint32_t state;
    std::vector<size_t> saved;
  };
  struct Place {
    size_t at;
    bool first, last;
    char32_t before, after;
  };

  // Follows a thread to the states that read a character. True once it accepts: what has a lower priority is dropped.
  bool follow(Thread thread, const Place& place, std::vector<Thread>& ready, std::vector<size_t>& best) {
    std::vector<Thread> pending;
    pending.push_back(std::move(thread));
    while (!pending.empty()) {
      Thread now = std::move(pending.back());
      pending.pop_back();
      if (entered_[now.state] == round_) continue;
      entered_[now.state] = round_;
      const Regex::State& state = regex_.states_[now.state];
      switch (state.kind) {
        case Regex::Kind::kClass: ready.push_back(std::move(now)); break;
        case Regex::Kind::kAccept:
          now.saved[1] = place.at;
          best = std::move(now.saved);
          return true;
        case Regex::Kind::kSplit:
          pending.push_back({state.other, now.saved});
          pending.push_back({state.next, std::move(now.saved)});
          break;
        case Regex::Kind::kSave:
          now.saved[state.argument] = place.at;
          pending.push_back({state.next, std::move(now.saved)});
          break;
        case Regex::Kind::kAssert:
          if (regex_holds(static_cast<RegexAssertion>(state.argument), place.first, place.before, place.last,
                          place.after)) {
            pending.push_back({state.next, std::move(now.saved)});
          }
          break;
      }
    }
    return false;
  }

  const Regex& regex_;
  std::vector<uint64_t> entered_;
  uint64_t round_ = 0;
};

std::vector<size_t> Regex::search(std::string_view text, size_t from) const {
  return RegexSearch(*this).run(text, from);
}

}  // namespace thane
