// What a result was made with: enough to make it again.
#pragma once

#include <span>
#include <string>

#include "api/pipeline.h"
#include "cli/arguments.h"
#include "cli/json.h"

namespace thane::cli {

// Adds "manifest": versions, CPU, settings, the command, and path, size and SHA-256 of each model file.
void add_manifest(Json& json, const Arguments& arguments, std::span<const std::string> models,
                  const PipelineOptions* options);

}  // namespace thane::cli
