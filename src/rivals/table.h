// The rivals: real frameworks, one row each. A row and its worker script (workers/NAME.py) are all there is to one.
#pragma once

#include <span>
#include <string_view>

namespace thane::rivals {

// A way to run an engine that is raced as a contender of its own.
struct Variant {
  std::string_view name;     // "compile"; empty: the engine as documented
  std::string_view formats;  // where it makes sense; empty: all of the engine's
  std::string_view options;  // JSON, handed to the worker
};

struct Rival {
  std::string_view name;     // what -e takes
  std::string_view title;    // what people call it
  std::string_view formats;  // model kinds it opens (kind.h), the best first
  std::string_view owns;     // kinds whose answers are by definition this engine's
  std::string_view package;  // the distribution whose version counts
  std::string_view devices;
  std::span<const Variant> variants;
  // Documented settings that the tuned class may try, as JSON objects of options; the first is the default.
  std::span<const std::string_view> tunables;
  // NAME=value, with {threads} replaced: what its own documentation tells to set before start.
  std::span<const std::string_view> environment;
  bool needs_scratch = false;  // converts or compiles through files: gets a temporary folder
  bool needs_source = false;   // runs a class of the user's: --module
};

std::span<const Rival> all_rivals();
const Rival* find_rival(std::string_view name);
std::string worker_of(const Rival& rival);                  // its script, workers/NAME.py
std::string requirements_of(const Rival& rival);            // pinned, hashed packages, requirements/NAME.txt
bool lists(std::string_view words, std::string_view word);  // whether `word` is among the space-separated `words`

}  // namespace thane::rivals
