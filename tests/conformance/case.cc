#include "case.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "api/pipeline.h"
#include "api/public/access.h"
#include "base/format.h"
#include "formats/onnx/value.h"
#include "ops/infer.h"

namespace fs = std::filesystem;

namespace thane {
namespace {

void read_tolerance(const fs::path& json_file, Tolerance& tolerance) {
  std::ifstream in(json_file);
  if (!in) return;
  const auto json = nlohmann::json::parse(in, nullptr, false);
  if (!json.is_object()) return;
  tolerance.relative = json.value("rtol", tolerance.relative);
  tolerance.absolute = json.value("atol", tolerance.absolute);
}

// PREFIX0.pb, PREFIX1.pb, …
std::vector<fs::path> numbered(const fs::path& folder, const std::string& prefix) {
  std::vector<fs::path> files;
  for (size_t i = 0; fs::exists(folder / format("{}{}.pb", prefix, i)); ++i) {
    files.push_back(folder / format("{}{}.pb", prefix, i));
  }
  return files;
}

Case folder_case(const fs::path& folder) {
  Case test;
  test.suite = folder.parent_path().filename();
  test.name = folder.filename();
  test.model = folder / "model.onnx";
  read_tolerance(folder / "data.json", test.tolerance);
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with("test_data_set_")) test.sets.push_back(entry.path());
  }
  std::sort(test.sets.begin(), test.sets.end());
  return test;
}

Case light_case(const fs::path& model) {
  Case test;
  test.suite = model.parent_path().filename();
  test.name = model.stem();
  test.model = model;
  test.outputs = numbered(model.parent_path(), test.name + "_output_");
  const std::string real_name = "test_" + test.name.substr(std::string("light_").size());
  read_tolerance(model.parent_path().parent_path() / "real" / real_name / "data.json", test.tolerance);
  return test;
}

// Suites up to 1.16 store bfloat16 as uint16, for numpy lacks it: inputs are taken for what the model declares.
Value as_declared(Value value, const Type& type) {
  if (!type.is_tensor() || type.dtype != DType::kBFloat16 || !value.is_tensor()) return value;
  return value.tensor().dtype() == DType::kUInt16 ? Value(with_dtype(value.tensor(), DType::kBFloat16)) : value;
}

// Outputs so stored are compared as integers, as those suites' runner does.
Value as_stored(const Value& value, const Value& expected) {
  if (!value.is_tensor() || !expected.is_tensor() || value.tensor().dtype() != DType::kBFloat16) return value;
  return expected.tensor().dtype() == DType::kUInt16 ? Value(with_dtype(value.tensor(), DType::kUInt16)) : value;
}

Result<std::vector<Value>> read_values(const std::vector<fs::path>& files, const Graph& graph,
                                       const std::vector<ValueId>& ids, std::string_view role) {
  if (files.size() > ids.size()) {
    return invalid_argument(format("{} {} files for {}", files.size(), role, ids.size()));
  }
  std::vector<Value> values;
  for (size_t i = 0; i < files.size(); ++i) {
    THANE_ASSIGN(auto file, MappedFile::open(files[i]));
    THANE_ASSIGN(Value value, read_onnx_value(std::move(file), graph.values[ids[i]].type));
    values.push_back(std::move(value));
  }
  return values;
}

// numpy: (arange(n).reshape(shape) / n).astype(float32), unknown dimensions being 1.
Result<std::vector<Value>> ramps(const Graph& graph) {
  std::vector<Value> values;
  for (ValueId id : graph.inputs) {
    Dims dims;
    for (const Dim& d : graph.values[id].type.dims.value_or(SymDims{})) dims.push_back(d.is_number() ? d.number() : 1);
    THANE_ASSIGN(Tensor tensor, Tensor::allocate(DType::kFloat32, dims));
    for (int64_t i = 0; i < tensor.size(); ++i) {
      tensor.data<float>()[i] = static_cast<float>(static_cast<double>(i) / static_cast<double>(tensor.size()));
    }
    values.emplace_back(std::move(tensor));
  }
  return values;
}

// Some cases of 1.12 give a tensor of another shape than their model declares; the suites' runner does not look at
// that.
bool given_as_declared(const Graph& graph, const std::vector<Value>& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Type& type = graph.values[graph.inputs[i]].type;
    if (!inputs[i].is_tensor() || !type.has_concrete_dims()) continue;
    if (to_numbers(*type.dims) != inputs[i].tensor().dims()) return false;
  }
  return true;
}

Status forget_declared_shapes(Graph& graph) {
  for (ValueId id : graph.inputs) graph.values[id].type.dims = std::nullopt;
  for (const Node& node : graph.nodes) {
    for (ValueId id : node.outputs) {
      if (id != kNoValue) graph.values[id].type = {};
    }
  }
  return annotate_types(graph);
}

Result<std::vector<Value>> read_inputs(const Graph& graph, const fs::path& set) {
  if (set.empty()) return ramps(graph);
  THANE_ASSIGN(auto values, read_values(numbered(set, "input_"), graph, graph.inputs, "input"));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = as_declared(std::move(values[i]), graph.values[graph.inputs[i]].type);
  }
  return values;
}

Error from_public(const v1::Error& error) {
  return {ErrorCode::kRuntime, error.message, error.where, error.expected, error.hint};
}

// Runs inputs in the model's order.
using Runner = std::function<Result<std::vector<Value>>(const std::vector<Value>&)>;

// What programs use: the public C++ API.
Runner public_runner(const v1::Session& session) {
  return [session](const std::vector<Value>& inputs) -> Result<std::vector<Value>> {
    std::vector<v1::Value> given;
    for (const Value& input : inputs) given.push_back(v1::Access::wrap(input));
    const auto outputs = session.run(given);
    if (!outputs) return from_public(outputs.error());
    std::vector<Value> values;
    for (const v1::Value& output : *outputs) {
      auto value = v1::Access::unwrap(output);
      if (!value) return from_public(value.error());
      values.push_back(std::move(*value));
    }
    return values;
  };
}

Status run_set(const Graph& graph, const Runner& run, const Case& test, const fs::path& set) {
  const bool light = set.empty();
  THANE_ASSIGN(const auto inputs, read_inputs(graph, set));
  THANE_ASSIGN(const auto expected,
               read_values(light ? test.outputs : numbered(set, "output_"), graph, graph.outputs, "output"));
  THANE_ASSIGN(const auto outputs, run(inputs));
  if (outputs.size() != expected.size()) {
    return runtime_error(format("{} outputs, expected {}", outputs.size(), expected.size()));
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::string reason = compare(as_stored(outputs[i], expected[i]), expected[i], test.tolerance);
    if (!reason.empty()) return runtime_error(format("output '{}': {}", graph.values[graph.outputs[i]].name, reason));
  }
  return ok();
}

Status run_sets(const Graph& graph, const Runner& run, const Case& test) {
  if (test.sets.empty()) return run_set(graph, run, test, {});
  for (const fs::path& set : test.sets) THANE_TRY(run_set(graph, run, test, set));
  return ok();
}

// Behind the public API, where what a model declares can be changed.
Status run_undeclared(const Case& test) {
  THANE_ASSIGN(Model model, open_model(test.model.string(), {}));
  THANE_TRY(forget_declared_shapes(model.graph));
  PipelineOptions options;
  options.session.threads = 1;
  THANE_ASSIGN(const auto session, make_session(model, options));
  return run_sets(
      model.graph, [&](const std::vector<Value>& inputs) { return session->run(inputs); }, test);
}

Status run(const Case& test) {
  const auto model = v1::Model::load(test.model.string());
  if (!model) return from_public(model.error());
  const Graph& graph = v1::Access::model(*model).graph;
  if (!test.sets.empty()) {
    THANE_ASSIGN(const auto inputs, read_inputs(graph, test.sets[0]));
    if (!given_as_declared(graph, inputs)) return run_undeclared(test);
  }
  const auto session = v1::Session::create(*model, {.threads = 1});
  if (!session) return from_public(session.error());
  return run_sets(graph, public_runner(*session), test);
}

}  // namespace

std::vector<Case> find_cases(const fs::path& folder) {
  std::vector<Case> cases;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (fs::exists(entry.path() / "model.onnx"))
      cases.push_back(folder_case(entry.path()));
    else if (entry.path().extension() == ".onnx")
      cases.push_back(light_case(entry.path()));
  }
  std::sort(cases.begin(), cases.end(), [](const Case& a, const Case& b) { return a.name < b.name; });
  return cases;
}

std::string run_case(const Case& test) {
  const Status status = run(test);
  if (status.ok()) return "";
  // The folder is named by the case already.
  std::string text = status.error().to_string();
  const std::string path = test.model.string() + ": ";
  if (text.starts_with(path)) text.erase(0, path.size());
  return text;
}

}  // namespace thane
