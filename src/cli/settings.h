// How to run, from the options.
#pragma once

#include "api/pipeline.h"
#include "cli/arguments.h"

namespace thane::cli {

Precision precision_from_name(std::string_view name);  // of kPrecision's choices
std::string_view precision_name(Precision precision);

// --threads, --precision, --isa, --seed, --no-optimise. An instruction set this CPU lacks is an error.
Result<PipelineOptions> pipeline_options(const Arguments& arguments);
// --signature, --outputs.
ReadOptions read_options(const Arguments& arguments);
Result<Isa> usable_isa(const std::string& name);

}  // namespace thane::cli
