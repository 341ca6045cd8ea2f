#include "cli/race_inputs.h"

#include <algorithm>
#include <filesystem>

#include "api/generate.h"
#include "base/format.h"
#include "cli/input_source.h"
#include "cli/input_spec.h"
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

// Whether "FILE:rest" speaks of the file, by its path or its name; then the rest.
std::optional<std::string> rest_for(const ModelFile& file, const std::string& text) {
  for (const std::string& name : {file.path, std::filesystem::path(file.path).filename().string()})
    if (!name.empty() && text.starts_with(name + ":")) return text.substr(name.size() + 1);
  return std::nullopt;
}

// The command line as it concerns one file: what speaks of another is left out. `only`: what speaks of all as well.
Arguments concerning(const Arguments& arguments, const ModelFile& file, const std::vector<ModelFile>& files,
                     bool only) {
  Arguments out = arguments;
  for (const Option* option : {&kInput, &kShape}) {
    std::vector<std::string> kept;
    for (const std::string& text : arguments.all(*option)) {
      if (auto rest = rest_for(file, text))
        kept.push_back(std::move(*rest));
      else if (!only && std::ranges::none_of(files, [&](const ModelFile& f) { return rest_for(f, text).has_value(); }))
        kept.push_back(text);
    }
    out.replace(*option, std::move(kept));
  }
  return out;
}

// Which of a graph's inputs are given, when values without a name fill them in order.
Result<std::vector<bool>> given_inputs(const Graph& graph, const Arguments& arguments) {
  std::vector<std::string> names;
  for (ValueId id : graph.inputs) names.push_back(graph.values[id].name);
  std::vector<bool> given(names.size(), false);
  size_t unnamed = 0;
  for (const std::string& text : arguments.all(kInput)) {
    THANE_ASSIGN(const InputSpec spec, parse_input_spec(text, names));
    if (spec.name.empty()) {
      if (spec.path.ends_with(".npz") || spec.kind == InputSpec::Kind::kFolder) given.assign(names.size(), true);
      ++unnamed;
    } else {
      given[static_cast<size_t>(std::ranges::find(names, spec.name) - names.begin())] = true;
    }
  }
  for (size_t i = 0; i < given.size() && unnamed > 0; ++i) {
    if (given[i]) continue;
    given[i] = true;
    --unnamed;
  }
  return given;
}

// A state that is handed in and out: inputs whose dtype and shape an output has. Found by one run.
struct Carried {
  std::vector<std::string> inputs, outputs;
};
Result<Carried> carried_states(const Setup& setup) {
  THANE_ASSIGN(const std::unique_ptr<Session> session, make_session(*setup.base->model, setup.pipeline));
  std::vector<Value> values;
  for (const NamedTensor& input : setup.inputs) values.push_back(Value(input.tensor));
  THANE_ASSIGN(const std::vector<Value> outputs, session->run(values));
  Carried carried;
  const Graph& graph = setup.base->model->graph;
  std::vector<bool> used(outputs.size(), false);
  for (const NamedTensor& input : setup.inputs) {
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (used[i] || !outputs[i].is_tensor() || outputs[i].tensor().dtype() != input.tensor.dtype() ||
          outputs[i].tensor().dims() != input.tensor.dims())
        continue;
      used[i] = true;
      carried.inputs.push_back(input.name);
      carried.outputs.push_back(graph.values[graph.outputs[i]].name);
      break;
    }
  }
  return carried;
}

Result<std::vector<NamedTensor>> own_inputs(const ModelFile& file, const Arguments& own, const Setup& setup,
                                            int64_t batch) {
  const Graph& graph = file.model->graph;
  THANE_ASSIGN(const std::vector<bool> given, given_inputs(graph, own));
  THANE_ASSIGN(std::vector<NamedTensor> inputs, inputs_for(*file.model, own, batch));
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto same = std::ranges::find(setup.inputs, inputs[i].name, &NamedTensor::name);
    if (!given[i] && same != setup.inputs.end()) inputs[i].tensor = same->tensor;
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
  return inputs_for(*setup.base->model, concerning(arguments, *setup.base, setup.files, false), batch);
}

Status give_own_inputs(const Arguments& arguments, Setup& setup) {
  for (const ModelFile& file : setup.files) {
    if (!file.model) continue;
    const Arguments own = concerning(arguments, file, setup.files, false);
    THANE_ASSIGN(auto inputs, inputs_for(*file.model, own, arguments.integer(kBatch)));
    const auto shared = std::make_shared<const std::vector<NamedTensor>>(std::move(inputs));
    for (Entry& entry : setup.entries)
      if (entry.model == file.path) entry.inputs = shared;
  }
  return ok();
}

Status give_forms_inputs(const Arguments& arguments, Setup& setup) {
  std::optional<Carried> carried;
  for (ModelFile& file : setup.files) {
    if (!file.model || !setup.base || &file == setup.base) continue;
    const Arguments own = concerning(arguments, file, setup.files, true);
    const Graph& graph = file.model->graph;
    const bool fewer = graph.inputs.size() < setup.inputs.size();
    if (fewer && !graph.states.empty() && !carried) {
      THANE_ASSIGN(carried, carried_states(setup));
      setup.gate.carried = carried->outputs;
    }
    std::vector<NamedTensor> inputs;
    if (own.has(kInput) || own.has(kShape)) {
      THANE_ASSIGN(inputs, own_inputs(file, own, setup, arguments.integer(kBatch)));
    } else if (fewer && carried) {
      for (const NamedTensor& input : setup.inputs)
        if (std::ranges::find(carried->inputs, input.name) == carried->inputs.end()) inputs.push_back(input);
    }
    if (inputs.size() != graph.inputs.size()) continue;  // as the others; whether that fits is told when it is opened
    file.inputs = std::make_shared<const std::vector<NamedTensor>>(std::move(inputs));
    if (fewer && carried && !carried->outputs.empty()) {
      std::string names;
      for (const std::string& name : carried->outputs) names += (names.empty() ? "'" : ", '") + name + "'";
      setup.remarks.push_back(
          format("{} keeps its state inside: {} is compared where it is an output.", file.path, names));
    }
  }
  return ok();
}

}  // namespace thane::cli
