// An entry of a pack's index.json: a model, inputs, and what its framework answered.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace thane {

// Loads and runs what `entry` says, its paths being relative to `folder`. Empty when the result is acceptable, else the
// reason. Outputs pass when they are within the tolerance of `file` or of any alternative. Where the framework refuses
// a model (expect: error), one that is malformed must be refused here, too; any other may also run.
std::string judge(const nlohmann::json& entry, const std::filesystem::path& folder);

}  // namespace thane
