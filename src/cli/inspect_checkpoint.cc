#include "cli/inspect_checkpoint.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/format.h"
#include "cli/checkpoint_json.h"
#include "cli/manifest.h"
#include "cli/options.h"
#include "cli/text.h"
#include "formats/containers/pickle_text.h"
#include "formats/recognise.h"

namespace thane::cli {
namespace {

constexpr size_t kShownValueBytes = 72, kAllValueBytes = 4000, kMostShownTensors = 60, kMostShownEntries = 40;

Result<Checkpoint> open_checkpoint(const std::string& path) {
  THANE_ASSIGN(auto file, MappedFile::open(path));
  return read_checkpoint(std::move(file));
}

std::string stored_type_text(const StridedTensor& tensor) {
  return format("{}{}", tensor.type_name, to_string(tensor.shape));
}

std::string amount_text(const lightning::Amount& amount) {
  return format("{} elements in {} tensors, {}", count_text(static_cast<double>(amount.elements)), amount.tensors,
                bytes_text(amount.bytes));
}

class CheckpointText {
 public:
  CheckpointText(const Arguments& arguments, const Checkpoint& checkpoint)
      : arguments_(arguments), checkpoint_(checkpoint), training_(lightning::training_of(checkpoint)) {}

  std::string text(int64_t bytes) {
    text_ = format("{}  {}\n{}", arguments_.positional[0], bytes_text(bytes), checkpoint_.format);
    if (!training_.version.empty()) text_ += ", lightning " + training_.version;
    text_ += checkpoint_.container == "pickle" ? ", from before torch.save wrote zips\n" : "\n";
    if (training_.epoch) text_ += format("epoch {}", *training_.epoch);
    if (training_.global_step) text_ += format("{}global step {}", training_.epoch ? ", " : "", *training_.global_step);
    if (training_.epoch || training_.global_step) text_ += "\n";
    add_entries("hyper-parameters", training_.hyper_parameters);
    add_entries("callbacks", training_.callbacks);
    add_optimizers();
    add_entries("schedulers", training_.schedulers);
    add_entries("loops", training_.loops);
    add_entries("others", training_.others);
    add_weights();
    add_notes();
    return std::move(text_);
  }

 private:
  void add_entries(std::string_view title, const std::vector<lightning::Entry>& entries) {
    if (entries.empty()) return;
    const bool all = arguments_.has(kVerbose);
    const size_t most = all ? entries.size() : std::min(entries.size(), kMostShownEntries);
    Table table;
    for (size_t i = 0; i < most; ++i) {
      table.add({entries[i].name, pickle_text(*entries[i].value, all ? kAllValueBytes : kShownValueBytes)});
    }
    text_ += format("\n{}\n{}", title, table.to_string("  "));
    if (most < entries.size()) text_ += format("  … and {} more (all of them with -v)\n", entries.size() - most);
  }

  void add_optimizers() {
    if (training_.optimizers.empty()) return;
    Table table;
    for (const lightning::Optimizer& optimizer : training_.optimizers) {
      std::string rates, slots;
      for (const double rate : optimizer.rates) rates += (rates.empty() ? "lr " : ", ") + number_text(rate);
      for (const std::string& slot : optimizer.state_names) slots += (slots.empty() ? "" : ", ") + slot;
      table.add({optimizer.place, format("{} groups", optimizer.groups), rates, slots, amount_text(optimizer.state)});
    }
    text_ += "\noptimizers\n" + table.to_string("  ");
  }

  void add_weights() {
    std::string prefix;
    const auto weights = lightning::weights_of(checkpoint_, &prefix);
    const bool all = arguments_.has(kVerbose);
    const size_t most = all ? weights.size() : std::min(weights.size(), kMostShownTensors);
    const auto groups = checkpoint_.shared_storage();
    std::map<size_t, size_t> shares;  // tensor → the first one of its storage
    for (const auto& group : groups) {
      for (size_t i = 1; i < group.size(); ++i) shares[group[i]] = group[0];
    }
    Table table;
    for (size_t i = 0; i < most; ++i) {
      const CheckpointTensor& tensor = checkpoint_.tensors[weights[i]];
      std::string note = tensor.tensor.contiguous() ? "" : format("strides {}", to_string(tensor.tensor.strides));
      const auto first = shares.find(weights[i]);
      if (first != shares.end()) note += " shares storage with " + checkpoint_.tensors[first->second].name;
      table.add({tensor.name.substr(prefix.size()), stored_type_text(tensor.tensor), note});
    }
    text_ += format("\nweights{}\n{}", prefix.empty() ? "" : " (below " + prefix.substr(0, prefix.size() - 1) + ")",
                    table.to_string("  "));
    if (most < weights.size()) text_ += format("  … and {} more (all of them with -v)\n", weights.size() - most);
    lightning::Amount total;
    for (const size_t i : weights) {
      const StridedTensor& tensor = checkpoint_.tensors[i].tensor;
      ++total.tensors;
      total.elements += tensor.size();
      total.bytes += tensor.size() * static_cast<int64_t>(tensor.storage ? tensor.storage->element_bytes : 0);
    }
    text_ += "  " + amount_text(total) + "\n";
    if (weights.size() < checkpoint_.tensors.size())
      text_ += format("{} tensors elsewhere in the file\n", checkpoint_.tensors.size() - weights.size());
  }

  void add_notes() {
    Table table;
    for (const auto& [key, value] : checkpoint_.metadata) table.add({key, replaced(value, "\n", "\\n")});
    if (!checkpoint_.metadata.empty()) text_ += "\nmetadata\n" + table.to_string("  ");
    if (checkpoint_.foreign_globals.empty()) return;
    text_ += "\nnames of foreign classes and functions, kept as text and never called\n";
    for (const std::string& name : checkpoint_.foreign_globals) text_ += "  " + name + "\n";
  }

  const Arguments& arguments_;
  const Checkpoint& checkpoint_;
  const lightning::Training training_;
  std::string text_;
};

std::string scalar_text(const PickleValue& value) { return pickle_text(value, kShownValueBytes); }

void compare_scalars(const Checkpoint& before, const Checkpoint& after, std::vector<Change>& changes) {
  std::map<std::string, std::string> old;
  for (const CheckpointScalar& scalar : before.scalars) old[path_text(scalar.path)] = scalar_text(*scalar.value);
  for (const CheckpointScalar& scalar : after.scalars) {
    const std::string name = path_text(scalar.path), now = scalar_text(*scalar.value);
    const auto found = old.find(name);
    if (found == old.end()) {
      changes.push_back({"value", name, "", now});
    } else {
      if (found->second != now) changes.push_back({"value", name, found->second, now});
      old.erase(found);
    }
  }
  for (const auto& [name, value] : old) changes.push_back({"value", name, value, ""});
}

// Empty when equal bit for bit; else how far the elements are apart.
Result<std::string> moved(const StridedTensor& before, const StridedTensor& after) {
  THANE_ASSIGN(const Tensor a, before.dense());
  THANE_ASSIGN(const Tensor b, after.dense());
  if (identical(a, b)) return std::string();
  if (mask_of(a.dtype()) & kComplexes) return std::string("other elements");
  THANE_ASSIGN(const Tensor old, a.aligned() ? Result<Tensor>(a) : a.copy());
  THANE_ASSIGN(const Tensor now, b.aligned() ? Result<Tensor>(b) : b.copy());
  double most = 0;
  int64_t count = 0;
  for (int64_t i = 0; i < old.size(); ++i) {
    const double difference = std::abs(old.as_double(i) - now.as_double(i));
    count += difference != 0;
    most = std::max(most, difference);
  }
  return format("{} of {} elements moved, by {} at most", count, old.size(), number_text(most, 3));
}

Status compare_tensors(const Checkpoint& before, const Checkpoint& after, std::vector<Change>& changes) {
  std::map<std::string, const CheckpointTensor*> old;
  for (const CheckpointTensor& tensor : before.tensors) old[tensor.name] = &tensor;
  for (const CheckpointTensor& tensor : after.tensors) {
    const auto found = old.find(tensor.name);
    const std::string now = stored_type_text(tensor.tensor);
    if (found == old.end()) {
      changes.push_back({"tensor", tensor.name, "", now});
      continue;
    }
    const std::string was = stored_type_text(found->second->tensor);
    if (was != now) {
      changes.push_back({"tensor", tensor.name, was, now});
    } else if (auto how = moved(found->second->tensor, tensor.tensor); !how.ok()) {
      return std::move(how).error().at(tensor.name);
    } else if (!how->empty()) {
      changes.push_back({"tensor", tensor.name, was, *how});
    }
    old.erase(found);
  }
  for (const auto& [name, tensor] : old) changes.push_back({"tensor", name, stored_type_text(tensor->tensor), ""});
  return ok();
}

}  // namespace

Result<bool> is_checkpoint(const std::string& path) {
  THANE_ASSIGN(const Format format, recognise(path));
  return format == Format::kTorchState || format == Format::kTorchLegacy || format == Format::kLightning ||
         format == Format::kSafetensors;
}

Result<std::string> describe_checkpoint(const Arguments& arguments) {
  const std::string& path = arguments.positional[0];
  if (arguments.has(kStage)) {
    return invalid_argument("a checkpoint has no graph").at("--stage").expecting("a model file");
  }
  THANE_ASSIGN(const auto file, MappedFile::open(path));
  THANE_ASSIGN(const Checkpoint checkpoint, read_checkpoint(file));
  if (!arguments.has(kJson)) {
    return CheckpointText(arguments, checkpoint).text(static_cast<int64_t>(file->bytes().size()));
  }
  Json json;
  json.begin_object();
  add_manifest(json, arguments, arguments.positional, nullptr);
  add_checkpoint(json, checkpoint);
  return json.end_object().text();
}

Result<std::vector<Change>> checkpoint_differences(const std::string& before_path, const std::string& after_path) {
  THANE_ASSIGN(const Checkpoint before, open_checkpoint(before_path));
  THANE_ASSIGN(const Checkpoint after, open_checkpoint(after_path));
  std::vector<Change> changes;
  if (before.format != after.format) changes.push_back({"format", "format", before.format, after.format});
  compare_scalars(before, after, changes);
  THANE_TRY(compare_tensors(before, after, changes));
  return changes;
}

}  // namespace thane::cli
