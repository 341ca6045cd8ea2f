// What the program says: results on stdout, everything else on stderr.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/arguments.h"

namespace thane::cli {

void print(std::string_view result);
// Whether everything printed has arrived; a full disk shows here.
bool flush_results();

// One line on stderr, unless --quiet.
void note(const Arguments& arguments, std::string_view text);

// Explains an error on stderr and returns the exit code it stands for.
int report(const Error& error);
// The same, and with --json the error as JSON on stdout.
int report(const Arguments& arguments, const Error& error);

// A progress bar on stderr; silent unless that is a terminal, or with --quiet.
class Progress {
 public:
  Progress(const Arguments& arguments, size_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void step(std::string_view label);  // one more is about to start

 private:
  bool shown_;
  size_t total_;
  size_t done_ = 0;
};

}  // namespace thane::cli
