// Who takes part in a race: the native engine and its rivals, each with the files it opens.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/racing.h"

namespace thane::cli {

// Whether `-e` names the engine, by itself or as "all".
bool wants_engine(const std::vector<std::string>& names, std::string_view name);

// `named`: the label tells the file, as there are several.
bench::Entry native_entry(const Arguments& arguments, const Setup& setup, const ModelFile& file, bool named);

// Adds the rivals of `names` that are installed and open a file; those that would and are not go to setup.missing.
Status add_rivals(const Arguments& arguments, Setup& setup, const std::vector<std::string>& names, bool forms);

}  // namespace thane::cli
