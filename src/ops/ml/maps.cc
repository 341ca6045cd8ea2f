// Between maps and tensors: CastMap, DictVectorizer, ZipMap.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "base/format.h"
#include "ops/ml/encoders.h"

namespace thane::ml {
namespace {

constexpr int64_t kMaxMap = int64_t{1} << 28;

Result<double> parse_number(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end)
    return runtime_error(format("the map's value '{}'", text)).expecting("a number");
  return value;
}

Result<double> number_of(const Tensor& values, int64_t i) {
  if (values.dtype() == DType::kString) return parse_number(values.data<std::string>()[i]);
  return values.as_double(i);
}

Status write_cast(const Tensor& values, int64_t i, Tensor& output, int64_t at) {
  if (output.dtype() == DType::kString) {
    auto& text = output.data<std::string>()[at];
    text = values.dtype() == DType::kString ? values.data<std::string>()[i] : format("{:.6f}", values.as_double(i));
    return ok();
  }
  THANE_ASSIGN(const double number, number_of(values, i));
  if (output.dtype() == DType::kFloat32) {
    output.data<float>()[at] = static_cast<float>(number);
    return ok();
  }
  if (!(std::fabs(number) < 9.2e18))
    return runtime_error(format("the map's value {}", number)).expecting("one that fits int64");
  output.data<int64_t>()[at] = static_cast<int64_t>(number);
  return ok();
}

Tensor label_tensor(const Labels& labels) {
  return labels.are_strings() ? Tensor::vector<std::string>(labels.strings) : Tensor::int64s(labels.ints);
}

}  // namespace

Status infer_cast_map(InferContext& context) {
  const auto& attrs = context.attrs<CastMapAttrs>();
  const Type& type = context.type(0);
  if (type.dtype != DType::kUndefined && type.dtype != DType::kInt64) {
    return invalid_model(format("a map with keys of {}", dtype_name(type.dtype))).expecting("int64 keys");
  }
  if (attrs.map_form == MapForm::kSparse && (attrs.max_map < 0 || attrs.max_map > kMaxMap)) {
    return invalid_model(format("max_map is {}", attrs.max_map)).expecting(format("0 to {}", kMaxMap));
  }
  constexpr DType kOut[] = {DType::kFloat32, DType::kString, DType::kInt64};
  const Dim count = attrs.map_form == MapForm::kSparse ? Dim(attrs.max_map) : Dim::unknown();
  context.set(0, kOut[static_cast<size_t>(attrs.cast_to)], SymDims{Dim(1), count});
  return ok();
}

// Values in ascending order of their keys; when sparse, each at its key, and zero (as text "0.f") elsewhere.
Status eval_cast_map(KernelContext& context) {
  const auto& attrs = context.attrs<CastMapAttrs>();
  const Map& map = context.input_value(0).map();
  if (map.keys.dtype() != DType::kInt64) return runtime_error("a map with string keys").expecting("int64 keys");
  const auto keys = map.keys.span<int64_t>();
  std::vector<int64_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return keys[a] < keys[b]; });
  constexpr DType kOut[] = {DType::kFloat32, DType::kString, DType::kInt64};
  const bool sparse = attrs.map_form == MapForm::kSparse;
  const int64_t count = sparse ? attrs.max_map : static_cast<int64_t>(keys.size());
  THANE_ASSIGN(Tensor * output, context.allocate(0, kOut[static_cast<size_t>(attrs.cast_to)], {1, count}));
  if (sparse) {
    if (attrs.cast_to == CastTo::kString) std::fill_n(output->data<std::string>(), count, "0.f");
    if (attrs.cast_to == CastTo::kFloat) std::fill_n(output->data<float>(), count, 0.f);
    if (attrs.cast_to == CastTo::kInt64) std::fill_n(output->data<int64_t>(), count, 0);
  }
  int64_t next = 0;
  for (const int64_t i : order) {
    const int64_t at = sparse ? keys[static_cast<size_t>(i)] : next++;
    if (at < 0)
      return runtime_error(format("the map's key {}", at)).expecting("keys from 0 on, since the form is SPARSE");
    if (at < count) THANE_TRY(write_cast(map.values, i, *output, at));
  }
  return ok();
}

Status DictVectorizerAttrs::prepare() {
  if (vocabulary.strings.empty() == vocabulary.ints.empty()) {
    return invalid_model(vocabulary.ints.empty() ? "no vocabulary" : "two vocabularies")
        .expecting("either int64_vocabulary or string_vocabulary");
  }
  index.add(label_tensor(vocabulary), false);
  return ok();
}

Status infer_dict_vectorizer(InferContext& context) {
  const auto& attrs = context.attrs<DictVectorizerAttrs>();
  const Type& type = context.type(0);
  if (type.dtype != DType::kUndefined && type.dtype != attrs.vocabulary.dtype()) {
    return invalid_model(format("a map with keys of {}", dtype_name(type.dtype)))
        .expecting(format("{}, as the vocabulary", dtype_name(attrs.vocabulary.dtype())));
  }
  context.set(0, type.element ? type.element->dtype : DType::kUndefined,
              SymDims{Dim(1), Dim(static_cast<int64_t>(attrs.vocabulary.size()))});
  return ok();
}

Status eval_dict_vectorizer(KernelContext& context) {
  const auto& attrs = context.attrs<DictVectorizerAttrs>();
  const Map& map = context.input_value(0).map();
  if (map.keys.dtype() != attrs.vocabulary.dtype()) {
    return runtime_error(format("a map with keys of {}", dtype_name(map.keys.dtype())))
        .expecting(format("{}, as the vocabulary", dtype_name(attrs.vocabulary.dtype())));
  }
  const auto count = static_cast<int64_t>(attrs.vocabulary.size());
  THANE_ASSIGN(Tensor * output, context.allocate(0, map.values.dtype(), {1, count}));
  dispatch_by_size(map.values.dtype(), [&]<class T>() {
    T* out = output->data<T>();
    std::fill_n(out, count, T{});
    for (int64_t i = 0; i < map.keys.size(); ++i) {
      const int64_t found = attrs.index.find(map.keys, i);
      if (found >= 0) out[found] = map.values.data<T>()[i];
    }
  });
  return ok();
}

Status ZipMapAttrs::prepare() {
  if (labels.strings.empty() == labels.ints.empty()) {
    return invalid_model(labels.ints.empty() ? "no class labels" : "two lists of class labels")
        .expecting("either classlabels_int64s or classlabels_strings");
  }
  keys = label_tensor(labels);
  return ok();
}

Status infer_zip_map(InferContext& context) {
  const auto& attrs = context.attrs<ZipMapAttrs>();
  THANE_ASSIGN(const Batch batch, batch_of(context, 0));
  THANE_TRY(expect_columns(batch.columns, attrs.keys.size()));
  context.set_type(0, Type::sequence(Type::map(attrs.keys.dtype(), Type::tensor(DType::kFloat32))));
  return ok();
}

Status eval_zip_map(KernelContext& context) {
  const auto& attrs = context.attrs<ZipMapAttrs>();
  const Tensor& x = context.input(0);
  const int64_t rows = batch_rows(x), columns = batch_columns(x);
  Sequence sequence{Type::map(attrs.keys.dtype(), Type::tensor(DType::kFloat32)), {}};
  for (int64_t row = 0; row < rows; ++row) {
    THANE_ASSIGN(Tensor values, Tensor::allocate(DType::kFloat32, {columns}));
    std::copy_n(x.data<float>() + row * columns, columns, values.data<float>());
    sequence.items.emplace_back(Map{attrs.keys, std::move(values)});
  }
  context.set_output(0, Value(std::move(sequence)));
  return ok();
}

}  // namespace thane::ml
