// The messages: Example { features = 1 }, Features { map<string, Feature> feature = 1 }, Feature { bytes_list = 1,
// float_list = 2, int64_list = 3 }, each list { value = 1 }, numbers packed or not.
#include <algorithm>
#include <cstring>
#include <map>

#include "base/checked.h"
#include "base/format.h"
#include "ops/example/example.h"

namespace thane {
namespace {

using Text = std::string_view;

// A protobuf message, field by field. `broken` once its bytes make no sense.
struct Message {
  Text rest;
  uint64_t number = 0;  // of the field's varint or fixed32
  Text bytes;
  uint32_t field = 0, wire = 0;
  bool broken = false;

  explicit Message(Text text) : rest(text) {}
  bool next() {
    if (broken || rest.empty()) return false;
    const uint64_t tag = varint();
    field = static_cast<uint32_t>(tag >> 3);
    wire = tag & 7;
    if (wire == 0) {
      number = varint();
    } else if (wire == 2) {
      const uint64_t length = varint();
      if (length > rest.size()) broken = true;
      bytes = rest.substr(0, broken ? 0 : length);
      rest.remove_prefix(bytes.size());
    } else if (wire == 5 || wire == 1) {
      const size_t width = wire == 5 ? 4 : 8;
      if (rest.size() < width) {
        broken = true;
      } else {
        std::memcpy(&number, rest.data(), width);
        rest.remove_prefix(width);
      }
    } else {
      broken = true;
    }
    return !broken;
  }
  uint64_t varint() {
    uint64_t value = 0;
    for (size_t i = 0; i < 10 && i < rest.size(); ++i) {
      const auto byte = static_cast<unsigned char>(rest[i]);
      value |= uint64_t{byte & 0x7fu} << (7 * i);
      if (byte < 0x80) {
        rest.remove_prefix(i + 1);
        return value;
      }
    }
    broken = true;
    return 0;
  }
};

// One feature's values; only the list of its kind is filled.
struct Feature {
  DType dtype = DType::kUndefined;
  std::vector<std::string> texts;
  std::vector<float> floats;
  std::vector<int64_t> integers;
  int64_t size() const { return static_cast<int64_t>(texts.size() + floats.size() + integers.size()); }
};

bool read_feature(Text text, Feature& feature) {
  Message kinds(text);
  while (kinds.next()) {
    if (kinds.wire != 2 || kinds.field < 1 || kinds.field > 3) continue;
    feature.dtype = kinds.field == 1 ? DType::kString : kinds.field == 2 ? DType::kFloat32 : DType::kInt64;
    Message list(kinds.bytes);
    while (list.next()) {
      if (list.field != 1) continue;
      if (kinds.field == 1) {
        if (list.wire == 2) feature.texts.emplace_back(list.bytes);
      } else if (kinds.field == 2) {
        if (list.wire == 5) feature.floats.push_back(std::bit_cast<float>(static_cast<uint32_t>(list.number)));
        if (list.wire == 2) {
          for (size_t i = 0; i + 4 <= list.bytes.size(); i += 4) {
            float value;
            std::memcpy(&value, list.bytes.data() + i, 4);
            feature.floats.push_back(value);
          }
        }
      } else if (list.wire == 0) {
        feature.integers.push_back(static_cast<int64_t>(list.number));
      } else if (list.wire == 2) {
        Message packed(list.bytes);
        while (!packed.rest.empty() && !packed.broken)
          feature.integers.push_back(static_cast<int64_t>(packed.varint()));
        if (packed.broken) return false;
      }
    }
    if (list.broken) return false;
  }
  return !kinds.broken;
}

Result<std::map<std::string, Feature, std::less<>>> read_example(Text text, int64_t index) {
  std::map<std::string, Feature, std::less<>> features;
  const auto broken = [&] { return runtime_error(format("message {} is no tf.Example", index)); };
  Message example(text);
  while (example.next()) {
    if (example.field != 1 || example.wire != 2) continue;
    Message entries(example.bytes);
    while (entries.next()) {
      if (entries.field != 1 || entries.wire != 2) continue;
      Message entry(entries.bytes);
      std::string key;
      Feature feature;
      while (entry.next()) {
        if (entry.field == 1) key = entry.bytes;
        if (entry.field == 2 && !read_feature(entry.bytes, feature)) return broken();
      }
      if (entry.broken) return broken();
      features.insert_or_assign(std::move(key), std::move(feature));
    }
    if (entries.broken) return broken();
  }
  if (example.broken) return broken();
  return features;
}

// Values of a feature behind those that are there already.
void append(const Feature& feature, Feature& all) {
  all.texts.insert(all.texts.end(), feature.texts.begin(), feature.texts.end());
  all.floats.insert(all.floats.end(), feature.floats.begin(), feature.floats.end());
  all.integers.insert(all.integers.end(), feature.integers.begin(), feature.integers.end());
}
void append(const Tensor& defaults, int64_t count, Feature& all) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t at = defaults.size() == 1 ? 0 : i % std::max<int64_t>(defaults.size(), 1);
    if (defaults.dtype() == DType::kString)
      all.texts.push_back(defaults.size() ? defaults.data<std::string>()[at] : std::string());
    if (defaults.dtype() == DType::kFloat32) all.floats.push_back(defaults.size() ? defaults.data<float>()[at] : 0);
    if (defaults.dtype() == DType::kInt64) all.integers.push_back(defaults.size() ? defaults.data<int64_t>()[at] : 0);
  }
}

Status deliver(KernelContext& context, size_t output, DType dtype, const Dims& dims, const Feature& values) {
  THANE_ASSIGN(Tensor * tensor, context.allocate(output, dtype, dims));
  if (tensor->size() != values.size()) return runtime_error("a feature has values of another kind than asked for");
  if (dtype == DType::kString) std::copy(values.texts.begin(), values.texts.end(), tensor->data<std::string>());
  if (dtype == DType::kFloat32) std::copy(values.floats.begin(), values.floats.end(), tensor->data<float>());
  if (dtype == DType::kInt64) std::copy(values.integers.begin(), values.integers.end(), tensor->data<int64_t>());
  return ok();
}

Status deliver(KernelContext& context, size_t output, DType dtype, const Dims& dims,
               const std::vector<int64_t>& values) {
  THANE_ASSIGN(Tensor * tensor, context.allocate(output, dtype, dims));
  for (int64_t i = 0; i < tensor->size(); ++i) {
    if (dtype == DType::kInt32)
      tensor->data<int32_t>()[i] = static_cast<int32_t>(values[static_cast<size_t>(i)]);
    else
      tensor->data<int64_t>()[i] = values[static_cast<size_t>(i)];
  }
  return ok();
}

}  // namespace

Status ParseExampleAttrs::prepare() {
  const auto lists_agree = dense_keys.size() == dense_types.size() && dense_keys.size() == dense_ranks.size() &&
                           sparse_keys.size() == sparse_types.size() && ragged_keys.size() == ragged_types.size() &&
                           ragged_keys.size() == split_types.size();
  if (!lists_agree) return invalid_model("keys and types differ in number");
  for (const Dims* types : {&sparse_types, &dense_types, &ragged_types}) {
    for (int64_t type : *types) {
      const auto dtype = static_cast<DType>(type);
      if (dtype != DType::kString && dtype != DType::kFloat32 && dtype != DType::kInt64) {
        return invalid_model(format("a feature of dtype code {}", type)).expecting("float32, int64 or string");
      }
    }
  }
  size_t at = 0;
  for (int64_t rank : dense_ranks) {
    if (rank < 0 || static_cast<size_t>(rank) > dense_dims.size() - at)
      return invalid_model("shapes of dense keys are incomplete");
    dense_shapes.emplace_back(dense_dims.begin() + static_cast<std::ptrdiff_t>(at),
                              dense_dims.begin() + static_cast<std::ptrdiff_t>(at) + rank);
    at += static_cast<size_t>(rank);
  }
  return ok();
}

Status infer_parse_example(InferContext& context) {
  const auto& attrs = context.attrs<ParseExampleAttrs>();
  const SymDims* messages = context.dims(0);
  if (context.num_inputs() != 1 + attrs.dense_keys.size()) return invalid_model("one default per dense key is needed");
  size_t output = 0;
  const size_t columns = messages ? messages->size() + 1 : 0;
  for (size_t i = 0; i < attrs.sparse_keys.size(); ++i) {
    context.set(output++, DType::kInt64,
                messages ? std::optional(SymDims{Dim(), Dim(static_cast<int64_t>(columns))}) : std::nullopt);
  }
  for (int64_t type : attrs.sparse_types) context.set(output++, static_cast<DType>(type), SymDims{Dim()});
  for (size_t i = 0; i < attrs.sparse_keys.size(); ++i) {
    context.set(output++, DType::kInt64,
                messages ? std::optional(SymDims{Dim(static_cast<int64_t>(columns))}) : std::nullopt);
  }
  for (size_t i = 0; i < attrs.dense_keys.size(); ++i) {
    std::optional<SymDims> dims;
    if (messages) {
      dims = *messages;
      for (int64_t dim : attrs.dense_shapes[i]) dims->push_back(dim < 0 ? Dim() : Dim(dim));
    }
    context.set(output++, static_cast<DType>(attrs.dense_types[i]), std::move(dims));
  }
  for (int64_t type : attrs.ragged_types) context.set(output++, static_cast<DType>(type), SymDims{Dim()});
  for (int64_t type : attrs.split_types) context.set(output++, static_cast<DType>(type), SymDims{Dim()});
  return ok();
}

Status eval_parse_example(KernelContext& context) {
  const auto& attrs = context.attrs<ParseExampleAttrs>();
  const Tensor& messages = context.input(0);
  std::vector<std::map<std::string, Feature, std::less<>>> examples;
  for (int64_t i = 0; i < messages.size(); ++i) {
    THANE_ASSIGN(auto example, read_example(messages.data<std::string>()[i], i));
    examples.push_back(std::move(example));
  }
  const bool batch = messages.rank() > 0;
  const auto feature_of = [&](size_t example, const std::string& key, int64_t type) -> Result<const Feature*> {
    const auto found = examples[example].find(key);
    if (found == examples[example].end() || found->second.dtype == DType::kUndefined)
      return static_cast<const Feature*>(nullptr);
    if (static_cast<int64_t>(found->second.dtype) != type) {
      return runtime_error(
                 format("feature '{}' of message {} is of dtype {}", key, example, dtype_name(found->second.dtype)))
          .expecting(std::string(dtype_name(static_cast<DType>(type))));
    }
    return &found->second;
  };
  const size_t sparse = attrs.sparse_keys.size();
  size_t output = 0;
  for (size_t k = 0; k < sparse; ++k) {
    Feature all;
    Dims indices;
    int64_t longest = 0;
    for (size_t i = 0; i < examples.size(); ++i) {
      THANE_ASSIGN(const Feature* feature, feature_of(i, attrs.sparse_keys[k], attrs.sparse_types[k]));
      if (!feature) continue;
      for (int64_t at = 0; at < feature->size(); ++at) {
        if (batch) indices.push_back(static_cast<int64_t>(i));
        indices.push_back(at);
      }
      longest = std::max(longest, feature->size());
      append(*feature, all);
    }
    const int64_t columns = batch ? 2 : 1;
    THANE_TRY(deliver(context, output + k, DType::kInt64, {all.size(), columns}, indices));
    THANE_TRY(deliver(context, output + sparse + k, static_cast<DType>(attrs.sparse_types[k]), {all.size()}, all));
    const Dims shape = batch ? Dims{messages.size(), longest} : Dims{longest};
    THANE_TRY(deliver(context, output + 2 * sparse + k, DType::kInt64, {columns}, shape));
  }
  output += 3 * sparse;
  for (size_t k = 0; k < attrs.dense_keys.size(); ++k) {
    const Tensor& defaults = context.input(1 + k);
    Dims shape = attrs.dense_shapes[k];
    const bool open = !shape.empty() && shape[0] < 0;
    std::vector<const Feature*> found;
    int64_t longest = 0;
    for (size_t i = 0; i < examples.size(); ++i) {
      THANE_ASSIGN(const Feature* feature, feature_of(i, attrs.dense_keys[k], attrs.dense_types[k]));
      found.push_back(feature);
      if (feature) longest = std::max(longest, feature->size());
    }
    if (open) {
      const auto row = checked_product(std::span(shape).subspan(1));
      if (!row || *row == 0) return runtime_error("a dense feature's shape has no elements");
      shape[0] = (longest + *row - 1) / *row;
    }
    const auto count = checked_product(shape);
    if (!count) return runtime_error("a dense feature's shape is not known");
    Feature all;
    for (size_t i = 0; i < found.size(); ++i) {
      if (!found[i]) {
        if (defaults.size() == 0 && *count > 0 && !open) {
          return runtime_error(format("message {} lacks feature '{}'", i, attrs.dense_keys[k]))
              .expecting("a value: it has no default");
        }
        append(defaults, *count, all);
        continue;
      }
      if (!open && found[i]->size() != *count) {
        return runtime_error(
                   format("feature '{}' of message {} has {} values", attrs.dense_keys[k], i, found[i]->size()))
            .expecting(std::to_string(*count));
      }
      append(*found[i], all);
      if (open) append(defaults, *count - found[i]->size(), all);
    }
    Dims dims = messages.dims();
    dims.insert(dims.end(), shape.begin(), shape.end());
    THANE_TRY(deliver(context, output++, static_cast<DType>(attrs.dense_types[k]), dims, all));
  }
  const size_t ragged = attrs.ragged_keys.size();
  for (size_t k = 0; k < ragged; ++k) {
    Feature all;
    Dims splits = {0};
    for (size_t i = 0; i < examples.size(); ++i) {
      THANE_ASSIGN(const Feature* feature, feature_of(i, attrs.ragged_keys[k], attrs.ragged_types[k]));
      if (feature) append(*feature, all);
      splits.push_back(all.size());
    }
    THANE_TRY(deliver(context, output + k, static_cast<DType>(attrs.ragged_types[k]), {all.size()}, all));
    THANE_TRY(deliver(context, output + ragged + k, static_cast<DType>(attrs.split_types[k]),
                      {static_cast<int64_t>(splits.size())}, splits));
  }
  return ok();
}

}  // namespace thane
