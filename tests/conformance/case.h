// One case of an ONNX backend suite: a model, and sets of inputs with expected outputs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "compare.h"

namespace thane {

struct Case {
  std::string suite, name;
  std::filesystem::path model;
  Tolerance tolerance;
  // Folders with input_N.pb and output_N.pb. None: inputs are ramps from 0 to 1, as the suite makes them for its light
  // models, and `outputs` are the expected ones.
  std::vector<std::filesystem::path> sets;
  std::vector<std::filesystem::path> outputs;
};

// The cases below a suite's folder, sorted by name.
std::vector<Case> find_cases(const std::filesystem::path& folder);

// Loads, runs and compares. Empty when all is right, else the reason.
std::string run_case(const Case& test);

}  // namespace thane
