// What a race leaves behind: its manifest, a live view while it runs, a record and reports.
#pragma once

#include "cli/racing.h"

namespace thane::cli {

rivals::Document race_manifest(const Arguments& arguments, const Setup& setup);

// A live view on stderr: who is at work, how long it will take, how it stands. None without a terminal.
bench::RaceView live_view(const Arguments& arguments, double expected_seconds);
void close_live_view(const Arguments& arguments);

// Adds versions that expire, keeps the result, writes the reports asked for, prints it.
Status deliver(const Arguments& arguments, Setup& setup, rivals::Document& result);

}  // namespace thane::cli
