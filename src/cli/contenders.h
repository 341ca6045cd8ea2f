// What `verify` compares: models, each at one or several settings.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/pipeline.h"
#include "cli/arguments.h"

namespace thane::cli {

struct Contender {
  std::string label;  // "model.onnx precision=exact"
  std::shared_ptr<const Model> model;
  PipelineOptions options;
  std::unique_ptr<Session> session;
};

// Every model at every combination of --settings, in the order typed; the first is the reference.
Result<std::vector<Contender>> make_contenders(const Arguments& arguments);

// For each of `to_ids`, the index in `from_ids` of the value it is fed from: by name when every name occurs, else by
// order. Fails when their numbers differ.
Result<std::vector<size_t>> matched(const Graph& from, const std::vector<ValueId>& from_ids, const Graph& to,
                                    const std::vector<ValueId>& to_ids, std::string_view what);

}  // namespace thane::cli
