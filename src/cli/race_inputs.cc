#include "cli/race_inputs.h"

#include <algorithm>

#include "api/generate.h"
#include "base/format.h"
#include "cli/input_source.h"
#include "cli/options.h"

namespace thane::cli {
namespace {

using bench::Entry;
using bench::NamedTensor;
using rivals::Document;

// For files thane does not read: what an engine that does says it takes, made up.
Result<std::vector<NamedTensor>> made_up(const Document& wanted, int64_t batch, uint64_t seed) {
  std::vector<NamedTensor> values;
  RandomSource random{seed};
  for (const Document& item : wanted) {
    const std::string name = rivals::text(item, "name"), kind = rivals::text(item, "dtype");
    const auto dtype = kind == "any" ? DType::kFloat32 : dtype_from_name(kind).value_or(DType::kUndefined);
    const Document& shape = rivals::member(item, "shape");
    if (dtype == DType::kUndefined || !shape.is_array()) {
      return invalid_argument(format("nothing says what shape or dtype '{}' has", name))
          .at("inputs")
          .hinting("name a form of the model that does as well, such as .onnx or .tflite");
    }
    Dims dims;
    for (const Document& size : shape)
      dims.push_back(size.is_number_integer() ? size.get<int64_t>() : dims.empty() ? std::max<int64_t>(batch, 1) : 1);
    THANE_ASSIGN(Tensor tensor, random_tensor(dtype, dims, std::nullopt, random));
    values.push_back({name, std::move(tensor)});
  }
  return values;
}

Result<std::vector<NamedTensor>> inputs_for(const Model& model, const Arguments& arguments, int64_t batch) {
  const Graph& graph = model.graph;
  Arguments with = arguments;
  if (batch > 0) {
    for (ValueId id : graph.inputs) {
      const Type& type = graph.values[id].type;
      if (!type.is_tensor() || !type.dims || type.dims->empty() || !(*type.dims)[0].is_symbolic()) continue;
      const std::string symbol = format("{}={}", (*type.dims)[0].to_string(), batch);
      const auto given = with.all(kShape);
      if (std::ranges::find(given, symbol) == given.end()) with.add(kShape, symbol);
    }
  }
  THANE_ASSIGN(const InputSource source, InputSource::create(graph, with, true));
  THANE_ASSIGN(const std::vector<Value> values, source.load(0));
  std::vector<NamedTensor> inputs;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i].is_tensor()) return unsupported("inputs that are no tensors cannot be raced");
    inputs.push_back({graph.values[graph.inputs[i]].name, values[i].tensor()});
  }
  return inputs;
}

}  // namespace

Result<std::vector<NamedTensor>> make_inputs(const Arguments& arguments, const Setup& setup, int64_t batch) {
  if (!setup.base) {
    const Document* wanted = nullptr;
    std::string problem = "no engine that opens them is installed";
    for (const Entry& entry : setup.entries) {
      auto one = bench::Contestant::open(entry, setup.race.limits, false);
      if (!one.ok()) {
        problem = one.error().to_string();
        continue;
      }
      wanted = &(*one)->inputs();
      return made_up(*wanted, batch, static_cast<uint64_t>(arguments.integer(kSeed)));
    }
    return invalid_argument(problem).at("inputs");
  }
  return inputs_for(*setup.base->model, arguments, batch);
}

Status give_own_inputs(const Arguments& arguments, Setup& setup) {
  for (const ModelFile& file : setup.files) {
    if (!file.model) continue;
    THANE_ASSIGN(auto inputs, inputs_for(*file.model, arguments, arguments.integer(kBatch)));
    const auto shared = std::make_shared<const std::vector<NamedTensor>>(std::move(inputs));
    for (Entry& entry : setup.entries)
      if (entry.model == file.path) entry.inputs = shared;
  }
  return ok();
}

}  // namespace thane::cli
