// An entry of a pack whose file is a checkpoint: names, dtypes, shapes, strides and the SHA-256 of every tensor.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace thane {

// Empty when the file is read as the entry's tensors_file says (or refused, where that is expected), else the reason.
std::string judge_checkpoint(const nlohmann::json& entry, const std::filesystem::path& folder);

}  // namespace thane
