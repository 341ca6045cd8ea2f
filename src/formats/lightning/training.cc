#include "formats/lightning/training.h"

#include <algorithm>
#include <array>

namespace thane::lightning {
namespace {

using Kind = PickleValue::Kind;

// Where training scripts keep the network's weights, likeliest first.
constexpr std::array<std::string_view, 9> kWeightKeys = {
    "state_dict", "model_state_dict", "model_state", "model", "module", "net", "network", "weights", "params"};

std::optional<int64_t> integer(const PickleValue& root, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    const PickleValue* value = root.find(key);
    if (value && value->is(Kind::kInt)) return value->integer;
  }
  return std::nullopt;
}

std::string key_text(const PickleValue& key) {
  if (key.is(Kind::kInt)) return std::to_string(key.integer);
  return std::string(key.text);
}

std::vector<Entry> entries(const PickleValue* value) {
  std::vector<Entry> all;
  if (!value) return all;
  const auto pairs = value->pairs();
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) all.push_back({key_text(*pairs[i]), pairs[i + 1]});
  if (value->is_sequence()) {
    for (size_t i = 0; i < value->items.size(); ++i) all.push_back({std::to_string(i), value->items[i]});
  }
  return all;
}

bool looks_like_optimizer(const PickleValue& value) { return value.find("param_groups") && value.find("state"); }

Optimizer optimizer_of(const Checkpoint& checkpoint, std::string place, const std::string& name_prefix,
                       const PickleValue& value) {
  Optimizer optimizer{std::move(place), 0, {}, {}, amount(checkpoint, name_prefix)};
  for (const Entry& group : entries(value.find("param_groups"))) {
    ++optimizer.groups;
    const PickleValue* rate = group.value->find("lr");
    if (rate && rate->is(Kind::kFloat)) optimizer.rates.push_back(rate->real);
    if (rate && rate->is(Kind::kInt)) optimizer.rates.push_back(static_cast<double>(rate->integer));
  }
  for (const Entry& parameter : entries(value.find("state"))) {
    for (const Entry& slot : entries(parameter.value)) {
      if (std::find(optimizer.state_names.begin(), optimizer.state_names.end(), slot.name) ==
          optimizer.state_names.end()) {
        optimizer.state_names.push_back(slot.name);
      }
    }
    if (optimizer.state_names.size() > 16) break;
  }
  return optimizer;
}

}  // namespace

Amount amount(const Checkpoint& checkpoint, std::string_view name_prefix) {
  Amount amount;
  for (const CheckpointTensor& tensor : checkpoint.tensors) {
    if (!tensor.name.starts_with(name_prefix)) continue;
    ++amount.tensors;
    amount.elements += tensor.tensor.size();
    const size_t width = tensor.tensor.storage ? tensor.tensor.storage->element_bytes : dtype_size(tensor.tensor.dtype);
    amount.bytes += tensor.tensor.size() * static_cast<int64_t>(width);
  }
  return amount;
}

Training training_of(const Checkpoint& checkpoint) {
  Training training;
  const PickleValue* root = checkpoint.root();
  if (!root) return training;
  if (const PickleValue* version = root->find("pytorch-lightning_version")) training.version = version->text;
  training.epoch = integer(*root, {"epoch", "epochs", "current_epoch"});
  training.global_step = integer(*root, {"global_step", "step", "steps", "iteration", "iter"});
  if (const PickleValue* name = root->find("hparams_name")) training.hparams_name = name->text;
  std::string weights;
  weights_of(checkpoint, &weights);
  for (const Entry& entry : entries(root)) {
    const std::string& name = entry.name;
    if (name == "hyper_parameters" || name == "hparams" || name == "config" || name == "args") {
      auto parameters = entries(entry.value);
      if (parameters.empty() && entry.value->is(Kind::kObject)) parameters = entries(entry.value->object->state);
      training.hyper_parameters.insert(training.hyper_parameters.end(), parameters.begin(), parameters.end());
    } else if (name == "callbacks") {
      training.callbacks = entries(entry.value);
    } else if (name == "loops") {
      training.loops = entries(entry.value);
    } else if (name == "lr_schedulers") {
      training.schedulers = entries(entry.value);
    } else if (name.find("scheduler") != std::string::npos && entry.value->is(Kind::kDict)) {
      training.schedulers.push_back(entry);
    } else if (name == "optimizer_states") {
      for (const Entry& one : entries(entry.value)) {
        training.optimizers.push_back(
            optimizer_of(checkpoint, name + "[" + one.name + "]", name + "." + one.name + ".", *one.value));
      }
    } else if (looks_like_optimizer(*entry.value)) {
      training.optimizers.push_back(optimizer_of(checkpoint, name, name + ".", *entry.value));
    } else if (name + "." != weights && !entry.value->is(Kind::kTensor) && name != "hparams_name" &&
               name != "pytorch-lightning_version") {
      training.others.push_back(entry);
    }
  }
  return training;
}

std::vector<size_t> weights_of(const Checkpoint& checkpoint, std::string* prefix) {
  std::string found;
  const PickleValue* root = checkpoint.root();
  const auto pairs = root ? root->pairs() : std::span<PickleValue* const>{};
  const bool flat = std::any_of(pairs.begin(), pairs.end(), [](const PickleValue* v) { return v->is(Kind::kTensor); });
  for (size_t i = 0; !flat && i < kWeightKeys.size() && found.empty(); ++i) {
    const std::string candidate = std::string(kWeightKeys[i]) + ".";
    if (root && root->find(kWeightKeys[i]) && amount(checkpoint, candidate).tensors > 0) found = candidate;
  }
  std::vector<size_t> indices;
  for (size_t i = 0; i < checkpoint.tensors.size(); ++i) {
    const CheckpointTensor& tensor = checkpoint.tensors[i];
    if (!tensor.numpy && tensor.name.starts_with(found)) indices.push_back(i);
  }
  if (prefix) *prefix = std::move(found);
  return indices;
}

}  // namespace thane::lightning
