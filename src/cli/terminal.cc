#include "cli/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/format.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/text.h"

namespace thane::cli {
namespace {

struct Meaning {
  ErrorCode code;
  std::string_view name;
  Exit exit;
};
constexpr Meaning kMeanings[] = {
    {ErrorCode::kInvalidArgument, "invalid_argument", kUsage},
    {ErrorCode::kIo, "io", kUsage},
    {ErrorCode::kInvalidModel, "invalid_model", kBadModel},
    {ErrorCode::kUnsupported, "unsupported", kBadModel},
    {ErrorCode::kRuntime, "runtime", kBadModel},
    {ErrorCode::kResourceLimit, "resource_limit", kBadModel},
};

const Meaning& meaning_of(ErrorCode code) { return *std::ranges::find(kMeanings, code, &Meaning::code); }

void complain(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace

void print(std::string_view result) { std::fwrite(result.data(), 1, result.size(), stdout); }

bool flush_results() { return std::fflush(stdout) == 0 && !std::ferror(stdout); }

void note(const Arguments& arguments, std::string_view text) {
  if (!arguments.has(kQuiet)) complain(format("thane: {}\n", text));
}

int report(const Error& error) {
  std::string text = "thane: error: ";
  if (!error.where.empty()) text += error.where + ": ";
  text += error.what + "\n";
  if (!error.expected.empty()) text += "  expected: " + error.expected + "\n";
  if (!error.hint.empty()) text += "  hint: " + error.hint + "\n";
  complain(text);
  return meaning_of(error.code).exit;
}

int report(const Arguments& arguments, const Error& error) {
  if (arguments.has(kJson)) {
    Json json;
    json.begin_object().key("error").begin_object();
    json.field("code", meaning_of(error.code).name).field("where", error.where).field("message", error.what);
    json.field("expected", error.expected).field("hint", error.hint).end_object().end_object();
    print(json.text());
  }
  return report(error);
}

Progress::Progress(const Arguments& arguments, size_t total)
    : shown_(total > 1 && !arguments.has(kQuiet) && ::isatty(STDERR_FILENO)), total_(total) {}

void Progress::step(std::string_view label) {
  if (!shown_) return;
  constexpr size_t kBar = 30, kLabel = 40;
  const size_t filled = kBar * done_ / total_;
  complain(format("\r[{}{}] {}/{} {}\x1b[K", std::string(filled, '#'), std::string(kBar - filled, ' '), done_, total_,
                  label.substr(0, kLabel)));
  ++done_;
}

Progress::~Progress() {
  if (shown_) complain("\r\x1b[K");
}

}  // namespace thane::cli
