// One exported program: its JSON, its tensors, and what goes in and out.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "formats/torch/archive.h"
#include "formats/torch/export/document.h"
#include "ir/tensor.h"

namespace thane::torch {

enum class InputKind : uint8_t { kUser, kParameter, kBuffer, kConstant, kFixed, kUnused };

struct ProgramInput {
  InputKind kind = InputKind::kUser;
  std::string name;             // in the graph
  std::string target;           // of a parameter, buffer or constant: its name in the module
  Type type;                    // of a user's
  bool number = false;          // a user's int, float or bool, given as a tensor of rank 0
  const Json* fixed = nullptr;  // of a kFixed: its ConstantValue
};

struct ProgramOutput {
  enum class Kind : uint8_t { kUser, kBuffer, kIgnored } kind = Kind::kUser;
  std::string name;             // for the user
  std::string target;           // buffer that it becomes
  const Json* value = nullptr;  // Argument
};

struct Program {
  Json document;
  const Json* graph = nullptr;  // into the document
  std::vector<ProgramInput> inputs;
  std::vector<ProgramOutput> outputs;
  std::map<std::string, Tensor, std::less<>> tensors;  // parameters, buffers and constants by name
  std::vector<std::string> mutated;                    // buffers that a run changes
};

// The names of an archive's programs ("model").
std::vector<std::string> program_names(const Archive& archive);
// Reads one of them. All that its graph mentions exists afterwards.
Result<std::shared_ptr<Program>> read_program(Archive& archive, const std::string& name);

}  // namespace thane::torch
