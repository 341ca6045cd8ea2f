#include "formats/torch/script/load.h"

#include <charconv>

#include "base/format.h"
#include "formats/torch/script/machine.h"

namespace thane::torchscript {
namespace {

constexpr int kMostObjectNesting = 200;
constexpr int64_t kNewestVersion = 10;

std::string_view text_of(const Buffer& buffer) {
  return {reinterpret_cast<const char*>(buffer.data()), buffer.size_bytes()};
}

Result<int64_t> read_version(const torch::Archive& archive) {
  if (!archive.has("version")) return int64_t{1};
  THANE_ASSIGN(const auto bytes, archive.read("version", true));
  const std::string_view text = text_of(*bytes);
  int64_t version = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), version).ec != std::errc() || version < 1) {
    return invalid_model(format("a format version '{}'", text.substr(0, 20))).at("version");
  }
  if (version > kNewestVersion) {
    return unsupported(format("format version {}", version))
        .expecting(format("{} at most", kNewestVersion))
        .at("version");
  }
  return version;
}

}  // namespace

Result<std::shared_ptr<Loaded>> load_archive(std::shared_ptr<const MappedFile> file) {
  auto loaded = std::make_shared<Loaded>();
  loaded->copied_bytes_limit = (uint64_t{64} << 20) + 4 * file->bytes().size();
  THANE_ASSIGN(loaded->archive, torch::Archive::open(std::move(file)));
  torch::Archive& archive = *loaded->archive;
  THANE_ASSIGN(loaded->version, read_version(archive));
  for (const ZipArchive::Member& member : archive.zip().members()) {
    std::string_view name = archive.inner_name(member);
    if (!name.starts_with("code/") || !name.ends_with(".py")) continue;
    THANE_ASSIGN(auto source, archive.read(name, true));
    name = name.substr(5, name.size() - 8);
    std::string module(name);
    for (char& c : module) {
      if (c == '/') c = '.';
    }
    THANE_TRY(loaded->program.add(module, std::move(source)));
  }
  if (!archive.has("data.pkl")) {
    return unsupported("an archive without data.pkl").hinting("torch.jit.save of PyTorch 1.4 or later writes one");
  }
  auto data = archive.unpickle("data.pkl", "data/");
  if (!data.ok()) return std::move(data).error().at("data.pkl");
  loaded->data = std::move(*data);
  if (archive.has("constants.pkl")) {
    auto constants = archive.unpickle("constants.pkl", "constants/");
    if (!constants.ok()) return std::move(constants).error().at("constants.pkl");
    loaded->constants = std::move(*constants);
  }
  const PickleValue& root = loaded->data->root();
  if (!root.is(PickleKind::kObject)) return invalid_model("the data hold no module").at("data.pkl");
  THANE_ASSIGN(loaded->model, loaded->program.find_class(root.global()));
  return loaded;
}

Result<InstancePtr> Instantiation::model() {
  THANE_ASSIGN(const Value made, value(loaded_.data->root(), "", 0));
  const InstancePtr instance = as<Instance>(made);
  if (!instance) return invalid_model("the data hold no module").at("data.pkl");
  instance->is_model = true;
  return instance;
}

Result<std::vector<Value>> Instantiation::constants() {
  std::vector<Value> values;
  if (!loaded_.constants) return values;
  const PickleValue& root = loaded_.constants->root();
  if (!root.is_sequence()) return invalid_model("the constants are no tuple").at("constants.pkl");
  for (size_t i = 0; i < root.items.size(); ++i) {
    THANE_ASSIGN(Value constant, value(*root.items[i], format("CONSTANTS.c{}", i), 0));
    values.push_back(std::move(constant));
  }
  return values;
}

Result<Value> Instantiation::value(const PickleValue& pickled, const std::string& path, int depth) {
  if (depth > kMostObjectNesting) return resource_limit("objects that are nested too deeply").at("data.pkl");
  switch (pickled.kind) {
    case PickleKind::kNone: return Value();
    case PickleKind::kBool: return Value(pickled.integer != 0);
    case PickleKind::kInt: return Value(pickled.integer);
    case PickleKind::kFloat: return Value(pickled.real);
    case PickleKind::kString: return Value(std::string(pickled.text));
    case PickleKind::kBytes:
    case PickleKind::kBigInt:
    case PickleKind::kGlobal:
    case PickleKind::kArray:
    case PickleKind::kStorage:
    case PickleKind::kSet: return unsupported(format("an attribute '{}' of an unusual kind", path)).at("data.pkl");
    default: break;
  }
  const auto found = made_.find(&pickled);
  if (found != made_.end()) return found->second;
  if (pickled.is(PickleKind::kTensor)) return tensor(pickled, path);
  if (pickled.is(PickleKind::kObject)) return object(pickled, path, depth);
  if (pickled.is(PickleKind::kDict)) {
    const Value dict(std::make_shared<Dict>());
    made_[&pickled] = dict;
    for (size_t i = 0; i + 1 < pickled.items.size(); i += 2) {
      THANE_ASSIGN(Value key, value(*pickled.items[i], path, depth + 1));
      THANE_ASSIGN(Value entry, item(*pickled.items[i + 1], format("{}.{}", path, to_text(key)), depth + 1));
      dict.dict()->items.emplace_back(std::move(key), std::move(entry));
    }
    return dict;
  }
  Value list;
  if (pickled.is(PickleKind::kList)) made_[&pickled] = list = Value::list({});
  std::vector<Value> items;
  for (size_t i = 0; i < pickled.items.size(); ++i) {
    THANE_ASSIGN(Value part, item(*pickled.items[i], format("{}.{}", path, i), depth + 1));
    items.push_back(std::move(part));
  }
  if (pickled.is(PickleKind::kTuple)) return made_[&pickled] = Value::tuple(std::move(items));
  list.list()->items = std::move(items);
  return list;
}

// Part of a list, tuple or dict: programs take these apart by themselves, so tensors in them are loaded at once.
Result<Value> Instantiation::item(const PickleValue& pickled, const std::string& path, int depth) {
  THANE_ASSIGN(Value made, value(pickled, path, depth));
  static const InstancePtr kNobody = nullptr;
  const auto stored = as<StoredTensor>(made);
  return stored ? machine_.domain().load(machine_, kNobody, path, *stored) : Result<Value>(std::move(made));
}

Result<Value> Instantiation::object(const PickleValue& pickled, const std::string& path, int depth) {
  const std::string name(pickled.global());
  const PickleObject& object = *pickled.object;
  if (name == "torch.device" && !object.args.empty()) return value(*object.args[0], path, depth + 1);
  if (name.starts_with("__torch__.torch.classes.")) {
    Value state;
    if (object.state) {
      THANE_ASSIGN(state, value(*object.state, path, depth + 1));
    }
    THANE_ASSIGN(Value made, machine_.domain().library_object(machine_, name.substr(24), state));
    return made_[&pickled] = std::move(made);
  }
  if (!loaded_.program.has_class(name)) {
    // Objects nobody's code describes (hooks' leftovers) hurt only those who use them.
    auto conflict = std::make_shared<Conflict>();
    conflict->what = format("the attribute '{}' is a {}, whose code the archive lacks", path, name);
    return Value(ObjectPtr(conflict));
  }
  THANE_ASSIGN(const Class* type, loaded_.program.find_class(name));
  if (type->definition->base == "Enum" && !object.args.empty()) {
    THANE_ASSIGN(const Value wanted, value(*object.args[0], path, depth + 1));
    for (const Parameter& field : type->definition->fields) {
      auto entry = std::make_shared<EnumValue>();
      entry->type = type;
      entry->name = field.name;
      Frame nothing;
      if (field.initial) {
        THANE_ASSIGN(entry->value, machine_.evaluate(*field.initial, nothing));
      }
      if (same(entry->value, wanted)) return Value(ObjectPtr(entry));
    }
    return invalid_model(format("a value that {} lacks", name)).at("data.pkl");
  }
  const auto instance = std::make_shared<Instance>();
  instance->type = type;
  instance->path = path;
  const Value made{ObjectPtr(instance)};
  made_[&pickled] = made;
  if (!object.state) return made;
  if (loaded_.program.method(*type, "__setstate__")) {
    THANE_ASSIGN(Value state, value(*object.state, path, depth + 1));
    instance->under_construction = true;
    THANE_ASSIGN(const Value ignored, machine_.call_method(made, "__setstate__", {std::move(state)}, {}));
    instance->under_construction = false;
    return made;
  }
  const auto pairs = object.state->pairs();
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
    if (!pairs[i]->is(PickleKind::kString)) continue;
    const std::string attribute(pairs[i]->text);
    THANE_ASSIGN(instance->attributes[attribute],
                 value(*pairs[i + 1], path.empty() ? attribute : format("{}.{}", path, attribute), depth + 1));
  }
  return made;
}

Result<Value> Instantiation::tensor(const PickleValue& pickled, const std::string& path) {
  const StridedTensor& strided = *pickled.tensor;
  // The same elements of the same memory are one tensor: an LSTM's weights stand in a list, too.
  const std::string place = format("{} {} {} {} {}", static_cast<const void*>(strided.storage.get()), strided.offset,
                                   to_string(strided.shape), to_string(strided.strides), strided.type_name);
  const auto known = made_tensors_.find(place);
  if (known != made_tensors_.end() && strided.storage) return made_[&pickled] = known->second;
  auto stored = std::make_shared<StoredTensor>();
  stored->name = path;
  stored->quantization = strided.quantization;
  if (!strided.contiguous()) {
    copied_bytes_ += static_cast<uint64_t>(std::max<int64_t>(strided.size(), 0)) * 16;
    if (copied_bytes_ > loaded_.copied_bytes_limit)
      return resource_limit("tensors that need more memory than the file explains").at(path);
  }
  auto dense = strided.dense();
  if (!dense.ok()) return std::move(dense).error().at(path);
  stored->tensor = std::move(*dense);
  const auto bound = loaded_.weights.find(path);
  if (bound != loaded_.weights.end()) stored->tensor = bound->second;
  tensors_.push_back(stored);
  return made_tensors_[place] = made_[&pickled] = Value(ObjectPtr(stored));
}

}  // namespace thane::torchscript
