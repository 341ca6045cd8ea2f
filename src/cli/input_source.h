// The inputs of one or many runs, as the command line describes them.
#pragma once

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/input_spec.h"
#include "ir/graph.h"
#include "ir/value.h"

namespace thane::cli {

class InputSource {
 public:
  // Understands -i and -s for `graph`, which must outlive the source. With `fill`, inputs nobody gives are random;
  // otherwise that is an error. Files are looked for here, and read in load().
  static Result<InputSource> create(const Graph& graph, const Arguments& arguments, bool fill);

  // What the model file says about preparing pictures, by input.
  void use(const std::map<std::string, InputHint>& hints) { hints_ = hints; }

  // Runs to make: 1, or one per entry of a folder.
  size_t size() const { return sets_.size(); }
  // Name of the folder's entry, without extension; empty when there is no folder.
  const std::string& label(size_t set) const { return sets_[set].label; }
  // Whether there is a folder.
  bool many() const { return !sets_[0].label.empty(); }

  // The values of a run, one per graph input. Shapes of made-up ones follow -s, then the files' sizes of the same
  // symbols, then 1.
  Result<std::vector<Value>> load(size_t set) const;
  // The concrete input types of a run without files: -s, else 1 for what is open.
  static Result<std::vector<Type>> default_types(const Graph& graph, const Arguments& arguments);

 private:
  struct Set {
    std::string label;
    std::vector<InputSpec> specs;
  };

  InputSource(const Graph& graph, const Arguments& arguments) : graph_(&graph), arguments_(&arguments) {}
  Status expand_folder(std::vector<InputSpec> specs);
  Status assign(const Set& set, std::vector<std::optional<Value>>& values,
                std::vector<const InputSpec*>& made_up) const;
  Result<Value> read(const std::string& path, size_t input) const;
  Result<Value> make(const InputSpec& spec, size_t input, const std::map<std::string, int64_t>& symbols) const;
  Status too_many(const std::string& text) const;

  const Graph* graph_;
  const Arguments* arguments_;
  bool fill_ = false;
  std::vector<std::string> names_;
  std::map<std::string, InputHint> hints_;
  ShapeSpecs shapes_;
  std::vector<Set> sets_;
};

}  // namespace thane::cli
