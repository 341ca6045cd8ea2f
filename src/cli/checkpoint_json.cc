#include "cli/checkpoint_json.h"

#include <algorithm>

namespace thane::cli {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kMostDepth = 64, kMostValues = 1'000'000;

class Writer {
 public:
  explicit Writer(Json& json) : json_(json) {}

  void add(const PickleValue& value) {
    const bool container = !value.items.empty() || value.is(Kind::kObject);
    if (container && (open_.size() >= kMostDepth || std::ranges::count(open_, &value))) return cut();
    if (++values_ > kMostValues) return cut();
    if (container) open_.push_back(&value);
    write(value);
    if (container) open_.pop_back();
  }

 private:
  void cut() { json_.begin_object().field("cut", true).end_object(); }

  void write(const PickleValue& value) {
    switch (value.kind) {
      case Kind::kNone: json_.null(); break;
      case Kind::kBool: json_.value(value.integer != 0); break;
      case Kind::kInt: json_.value(value.integer); break;
      case Kind::kFloat: json_.value(value.real); break;
      case Kind::kBigInt:
      case Kind::kString: json_.value(value.text); break;
      case Kind::kBytes: json_.begin_object().field("bytes", value.text.size()).end_object(); break;
      case Kind::kGlobal: json_.begin_object().field("global", value.text).end_object(); break;
      case Kind::kList:
      case Kind::kTuple:
      case Kind::kSet: array(value.items); break;
      case Kind::kDict: pairs(value.items); break;
      case Kind::kTensor:
      case Kind::kArray:
      case Kind::kStorage:
        json_.begin_object().field(value.is(Kind::kTensor)  ? "tensor"
                                   : value.is(Kind::kArray) ? "array"
                                                            : "storage",
                                   value.tensor->type_name);
        json_.field("shape", value.tensor->shape).end_object();
        break;
      case Kind::kObject: object(value); break;
    }
  }

  void array(std::span<PickleValue* const> items) {
    json_.begin_array();
    for (const PickleValue* item : items) add(*item);
    json_.end_array();
  }

  void pairs(std::span<PickleValue* const> items) {
    json_.begin_object();
    for (size_t i = 0; i + 1 < items.size(); i += 2) {
      json_.key(items[i]->is(Kind::kInt) ? std::to_string(items[i]->integer) : std::string(items[i]->text));
      add(*items[i + 1]);
    }
    json_.end_object();
  }

  void object(const PickleValue& value) {
    const PickleObject& object = *value.object;
    json_.begin_object();
    if (const auto name = value.global(); !name.empty() || !object.callable)
      json_.field("class", name);
    else
      json_.key("class"), add(*object.callable);
    if (!object.args.empty()) json_.key("args"), array(object.args);
    if (object.kwargs) json_.key("kwargs"), add(*object.kwargs);
    if (object.state) json_.key("state"), add(*object.state);
    if (!object.dict.empty()) json_.key("dict"), pairs(object.dict);
    if (!object.items.empty()) json_.key("items"), array(object.items);
    json_.end_object();
  }

  Json& json_;
  std::vector<const PickleValue*> open_;
  size_t values_ = 0;
};

void add_entries(Json& json, std::string_view name, const std::vector<lightning::Entry>& entries) {
  json.key(name).begin_object();
  for (const lightning::Entry& entry : entries) {
    json.key(entry.name);
    add_pickled(json, *entry.value);
  }
  json.end_object();
}

void add_path(Json& json, const CheckpointPath& path) {
  json.key("path").begin_array();
  for (const PathPart& part : path) {
    if (part.index)
      json.value(static_cast<int64_t>(std::strtoll(part.text.c_str(), nullptr, 10)));
    else
      json.value(part.text);
  }
  json.end_array();
}

void add_tensor(Json& json, const CheckpointTensor& entry) {
  const StridedTensor& tensor = entry.tensor;
  json.begin_object().field("name", entry.name);
  add_path(json, entry.path);
  json.field("dtype", tensor.type_name).field("shape", tensor.shape).field("strides", tensor.strides);
  json.field("offset", tensor.offset).field("parameter", tensor.parameter).field("requires_grad", tensor.requires_grad);
  if (tensor.storage) json.field("storage", tensor.storage->name).field("device", tensor.storage->device);
  if (tensor.quantization) {
    json.field("scales", tensor.quantization->scales).field("zero_points", tensor.quantization->zero_points);
    if (tensor.quantization->axis) json.field("axis", *tensor.quantization->axis);
  }
  if (entry.numpy) json.field("numpy", true);
  json.end_object();
}

void add_amount(Json& json, const lightning::Amount& amount) {
  json.field("tensors", amount.tensors).field("elements", amount.elements).field("bytes", amount.bytes);
}

}  // namespace

void add_pickled(Json& json, const PickleValue& value) { Writer(json).add(value); }

void add_checkpoint(Json& json, const Checkpoint& checkpoint) {
  const lightning::Training training = lightning::training_of(checkpoint);
  json.field("format", checkpoint.format).field("container", checkpoint.container);
  if (!training.version.empty()) json.field("lightning_version", training.version);
  if (training.epoch) json.field("epoch", *training.epoch);
  if (training.global_step) json.field("global_step", *training.global_step);
  if (!training.hparams_name.empty()) json.field("hparams_name", training.hparams_name);
  add_entries(json, "hyper_parameters", training.hyper_parameters);
  add_entries(json, "callbacks", training.callbacks);
  json.key("optimizers").begin_array();
  for (const lightning::Optimizer& optimizer : training.optimizers) {
    json.begin_object().field("place", optimizer.place).field("groups", optimizer.groups);
    json.field("learning_rates", optimizer.rates).field("state", optimizer.state_names);
    add_amount(json, optimizer.state);
    json.end_object();
  }
  json.end_array();
  add_entries(json, "lr_schedulers", training.schedulers);
  add_entries(json, "loops", training.loops);
  add_entries(json, "others", training.others);

  std::string prefix;
  const auto weights = lightning::weights_of(checkpoint, &prefix);
  json.key("weights").begin_object().field("prefix", prefix);
  add_amount(json, lightning::amount(checkpoint, prefix));
  json.end_object();
  json.key("tensors").begin_array();
  for (const CheckpointTensor& tensor : checkpoint.tensors) add_tensor(json, tensor);
  json.end_array().key("shared_storage").begin_array();
  for (const auto& group : checkpoint.shared_storage()) json.value(group);
  json.end_array().key("metadata").begin_object();
  for (const auto& [key, value] : checkpoint.metadata) json.field(key, value);
  json.end_object().key("foreign_globals").begin_array();
  for (const std::string& name : checkpoint.foreign_globals) json.value(name);
  json.end_array();
}

}  // namespace thane::cli
