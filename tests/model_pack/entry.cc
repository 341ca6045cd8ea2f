#include "entry.h"

#include <algorithm>
#include <cstring>

#include "api/io/npy.h"
#include "api/pipeline.h"
#include "base/format.h"
#include "checkpoint_entry.h"
#include "compare.h"
#include "engine/session.h"
#include "formats/recognise.h"

namespace thane {
namespace {

using Json = nlohmann::json;
using Folder = std::filesystem::path;

Dims shape_of(const Json& item) { return item.at("shape").get<Dims>(); }

// Element i is pattern[i mod n].
Result<Tensor> repeated(const Tensor& pattern, const Dims& dims) {
  THANE_ASSIGN(const Tensor full, Tensor::allocate(pattern.dtype(), dims));
  const size_t size = dtype_size(pattern.dtype());
  for (int64_t i = 0; i < full.size() && pattern.size() > 0; ++i) {
    std::memcpy(static_cast<std::byte*>(full.raw()) + static_cast<size_t>(i) * size,
                static_cast<std::byte*>(pattern.raw()) + static_cast<size_t>(i % pattern.size()) * size, size);
  }
  return full;
}

Result<Tensor> read_array(const Json& item, const Folder& folder) {
  THANE_ASSIGN(auto file, MappedFile::open(folder / item.at("file").get<std::string>()));
  THANE_ASSIGN(Tensor tensor, read_npy(std::move(file)));
  if (const auto dtype = dtype_from_name(item.value("dtype", ""))) tensor = reinterpreted(tensor, *dtype);
  if (item.value("repeat", false)) return repeated(tensor, shape_of(item));
  return tensor;
}

// Whether the pack names tensors by position only: "", "input0", "output1".
bool has_position_names(const Json& items, size_t count) {
  if (items.size() != count) return false;
  for (const Json& item : items) {
    const std::string name = item.at("name");
    if (!name.empty() && !name.starts_with("input") && !name.starts_with("output")) return false;
  }
  return true;
}

Result<std::vector<Value>> read_inputs(const Json& entry, const Graph& graph, const Folder& folder) {
  std::vector<Value> values;
  const Json& items = entry.at("inputs");
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const std::string& name = graph.values[graph.inputs[i]].name;
    const auto named = [&](const Json& item) { return item.at("name") == name; };
    auto found = std::find_if(items.begin(), items.end(), named);
    if (found == items.end()) {
      // Frameworks without names for inputs: the pack has them in order.
      if (!has_position_names(items, graph.inputs.size()))
        return invalid_argument(format("the pack has no input '{}'", name));
      found = items.begin() + static_cast<std::ptrdiff_t>(i);
    }
    THANE_ASSIGN(Tensor tensor, read_array(*found, folder));
    values.emplace_back(std::move(tensor));
  }
  return values;
}

// Elements 0, k, 2k, … of the flattened tensor.
Result<Tensor> every(const Tensor& tensor, int64_t k) {
  THANE_ASSIGN(const Tensor picked, Tensor::allocate(tensor.dtype(), {(tensor.size() + k - 1) / k}));
  const size_t size = dtype_size(tensor.dtype());
  for (int64_t i = 0; i < picked.size(); ++i) {
    std::memcpy(static_cast<std::byte*>(picked.raw()) + static_cast<size_t>(i) * size,
                static_cast<std::byte*>(tensor.raw()) + static_cast<size_t>(i * k) * size, size);
  }
  return picked;
}

Tolerance tolerance_of(const Json& entry) {
  Tolerance tolerance{1e-3, 1e-4, 0};
  const Json given = entry.value("tolerance", Json());
  if (!given.is_object()) return tolerance;
  tolerance.relative = given.value("rtol", tolerance.relative);
  tolerance.absolute = given.value("atol", tolerance.absolute);
  tolerance.steps = given.value("steps", int64_t{0});
  return tolerance;
}

Result<std::string> differs(const Tensor& actual, const Json& item, const Json& reference, const Folder& folder,
                            const Tolerance& tolerance) {
  Json described = reference;
  described["dtype"] = item.at("dtype");
  THANE_ASSIGN(Tensor expected, read_array(described, folder));
  Tensor compared = actual;
  if (const int64_t stride = item.value("stride", int64_t{1}); stride > 1) {
    THANE_ASSIGN(compared, every(actual, stride));
    THANE_ASSIGN(expected, expected.reshaped({expected.size()}));
  }
  return compare(Value(compared), Value(expected), tolerance);
}

// Empty when the output fits its file or any alternative.
Result<std::string> judge_output(const Value& value, const Json& item, const Json& entry, const Folder& folder) {
  if (!value.is_tensor()) return std::string("no tensor");
  const Tensor& actual = value.tensor();
  if (actual.dims() != shape_of(item)) {
    return format("shape {}, expected {}", to_string(actual.dims()), to_string(shape_of(item)));
  }
  if (dtype_name(actual.dtype()) != item.at("dtype").get<std::string>()) {
    return format("dtype {}, expected {}", dtype_name(actual.dtype()), item.at("dtype").get<std::string>());
  }
  if (entry.value("compare", "") == "shape") return std::string();
  const Tolerance tolerance = tolerance_of(entry);
  THANE_ASSIGN(std::string reason, differs(actual, item, item, folder, tolerance));
  for (const Json& other : item.value("alternatives", Json::array())) {
    if (reason.empty()) break;
    if (!other.contains("file")) continue;
    THANE_ASSIGN(const std::string again, differs(actual, item, other, folder, tolerance));
    if (again.empty()) reason.clear();
  }
  return reason;
}

Result<size_t> output_index(const Graph& graph, const Json& items, size_t item) {
  const std::string name = items[item].at("name");
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const std::string& own = graph.values[graph.outputs[i]].name;
    if (own == name || own == name + "_out") return i;  // the latter where an input has the name, too
  }
  if (has_position_names(items, graph.outputs.size())) return item;
  return invalid_model(format("the model has no output '{}'", name));
}

Status run(const Json& entry, const Folder& folder) {
  ReadOptions read;
  if (const Json signature = entry.value("signature", Json()); signature.is_string()) read.entry_point = signature;
  if (const std::string kind = entry.value("format", ""); kind == "graphdef" || kind == "tf1_checkpoint") {
    for (const Json& item : entry.at("outputs")) read.outputs.push_back(item.at("name"));
  }
  THANE_ASSIGN(const Model model, load_model(folder / entry.at("path").get<std::string>(), read));
  PipelineOptions options;
  options.session.threads = 1;
  THANE_ASSIGN(const auto session, make_session(model, options));
  THANE_ASSIGN(const auto inputs, read_inputs(entry, session->graph(), folder));
  THANE_ASSIGN(const auto outputs, session->run(inputs));
  const Json& items = entry.at("outputs");
  for (size_t k = 0; k < items.size(); ++k) {
    const Json& item = items[k];
    const std::string name = item.at("name");
    THANE_ASSIGN(const size_t i, output_index(session->graph(), items, k));
    THANE_ASSIGN(const std::string reason, judge_output(outputs[i], item, entry, folder));
    if (!reason.empty()) return runtime_error(format("output '{}': {}", name, reason));
  }
  return ok();
}

}  // namespace

std::string judge(const Json& entry, const Folder& folder) {
  const std::string format = entry.at("format"), expect = entry.value("expect", "");
  if (format == "torch_state" || format == "lightning" || format == "safetensors")
    return judge_checkpoint(entry, folder);
  if (expect.empty()) {
    const Status status = run(entry, folder);
    return status.ok() ? "" : status.error().to_string();
  }
  const auto model = load_model(folder / entry.at("path").get<std::string>(), {});
  if (expect == "error" && entry.value("error_class", "") == "malformed" && model.ok()) {
    return "a malformed model was accepted";
  }
  return "";
}

}  // namespace thane
