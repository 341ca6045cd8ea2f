// A TensorFlow model in memory: its graph, functions, variables' values and files. Everything here is what the file
// says; import.h makes a thane graph of it.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "formats/source.h"
#include "formats/tensorflow/body.h"
#include "formats/tensorflow/checkpoint.h"
#include "ir/graph.h"

namespace thane::tensorflow {

// A hash table's contents.
struct Table {
  std::string name;
  DType key = DType::kUndefined, value = DType::kUndefined;
  Tensor keys, values;  // of the same length; undefined: empty so far
};

// Which nodes touch variables (or tables), directly or through what they read; only these keep their control edges.
struct Effects {
  std::vector<bool> touches;
  bool writes = false;  // any node does
};

class Program {
 public:
  explicit Program(Source source) : source(std::move(source)) {}

  Source source;
  std::deque<std::string> texts;  // bytes that views point into and no file holds
  MetaGraphDef meta;
  Library library;
  Body main;
  std::optional<Checkpoint> checkpoint;
  std::string asset_folder;  // relative to the source's folder

  // Resolves names. To be called once everything above is there.
  Status link();
  // The body of a function, resolved at first use. Null when there is none of that name.
  Result<const Body*> function(std::string_view name);
  Result<const Effects*> effects(const Body& body);
  // Initial contents, as the model's own restore and initialisation ops leave them.
  std::map<std::string, Tensor, std::less<>> variables;
  std::map<std::string, Table, std::less<>> tables;
  // What went wrong while these were filled; told when one turns out to be missing.
  std::vector<std::string> notes;
  // A variable's value by the name its node gives it. An error when the model has none.
  Result<Tensor> variable(const std::string& name);

 private:
  std::map<std::string, std::unique_ptr<Body>, std::less<>> bodies_;
  std::map<const Body*, Effects> effects_;
  std::set<const Body*> busy_;
  std::optional<std::map<std::string, std::string>> keys_by_name_;
};

}  // namespace thane::tensorflow
