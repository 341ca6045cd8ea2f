// A Program with chosen inputs and outputs → Model.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "formats/tensorflow/program.h"

namespace thane::tensorflow {

struct Interface {
  struct Input {
    std::string name;
    Ref ref;
    Type type;
  };
  struct Output {
    std::string name;
    Ref ref;
    Type type;
  };
  std::vector<Input> inputs;
  std::vector<Output> outputs;
};

// Runs the model's own restore and initialisation ops, filling the program's variables and tables.
Status initialise(Program& program);

// The graph; specialised to shapes later where it means nothing without.
Result<Model> assemble(std::shared_ptr<Program> program, Interface interface);

}  // namespace thane::tensorflow
