// The model files a command line names, with --weights bound onto them.
#pragma once

#include "api/weights.h"
#include "cli/arguments.h"
#include "cli/json.h"

namespace thane::cli {

// The model at `path`; with --weights FILE the checkpoint's tensors replace its weights. An incomplete binding is an
// error unless --allow-incomplete, which notes on stderr what was left over. `binding` (may be null) receives it all.
Result<Model> open_model(const Arguments& arguments, const std::string& path, Binding* binding = nullptr);

WeightsFile weights_file(const Arguments& arguments);  // --weights and how; no path when not given
// One line: what was bound, what was not. Nothing when all names are the same.
void note_binding(const Arguments& arguments, const Binding& binding);
// Adds "binding" to an open object.
void add_binding(Json& json, const Arguments& arguments, const Binding& binding);

}  // namespace thane::cli
