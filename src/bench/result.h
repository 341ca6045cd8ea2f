// A race as data: one document that the terminal, --json, the records, and the reports are all made from.
#pragma once

#include <string>
#include <vector>

#include "bench/accuracy.h"
#include "bench/race.h"

namespace thane::bench {

// Adds "scenario", "reference", "floor", "standings" and "comparisons" of a finished race. The first entry that counts
// is what others are compared with.
void add_race(rivals::Document& out, const RaceResult& result, const RaceOptions& options, const Reference* reference,
              double q);

// The highest of p50, p90, p99 that every entry that counts has samples for.
double common_quantile(const RaceResult& result);

// CPU, instruction sets, cores, memory, governor, load and noise: what times depend on.
rivals::Document machine_document();

// The standings as a table for a terminal, and as Markdown.
std::string text_of(const rivals::Document& result);
std::string markdown_of(const rivals::Document& result);

}  // namespace thane::bench
