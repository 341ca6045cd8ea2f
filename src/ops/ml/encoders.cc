#include "ops/ml/encoders.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/format.h"

namespace thane::ml {
namespace {

constexpr DTypeMask kEncoderTypes =
    mask_of(DType::kString, DType::kInt64, DType::kFloat32, DType::kInt32, DType::kInt16, DType::kFloat64);

// The one list of several that was given. `name` is "keys" or "values".
Result<Tensor> given_list(std::string_view name, const std::vector<std::string>& strings,
                          const std::vector<int64_t>& ints, const std::vector<float>& floats, const Tensor& tensor) {
  const int count = !strings.empty() + !ints.empty() + !floats.empty() + tensor.defined();
  if (count != 1) {
    return invalid_model(format("{} lists of {}", count, name))
        .expecting(format("exactly one of {0}_strings, {0}_int64s, {0}_floats, {0}_tensor", name));
  }
  if (!strings.empty()) return Tensor::vector<std::string>(strings);
  if (!ints.empty()) return Tensor::vector<int64_t>(ints);
  if (!floats.empty()) return Tensor::vector<float>(floats);
  if (!(mask_of(tensor.dtype()) & kEncoderTypes)) {
    return invalid_model(format("{}_tensor of {}", name, dtype_name(tensor.dtype())))
        .expecting(dtype_mask_names(kEncoderTypes));
  }
  return tensor.aligned() ? Result<Tensor>(tensor) : tensor.copy();
}

// Values with the default behind them.
Result<Tensor> with_default(const Tensor& values, const LabelEncoderAttrs& attrs) {
  const int64_t count = values.size();
  THANE_ASSIGN(Tensor all, Tensor::allocate(values.dtype(), {count + 1}));
  Tensor fallback = attrs.default_tensor;
  if (fallback.defined()) {
    if (fallback.dtype() != values.dtype() || fallback.size() != 1) {
      return invalid_model(format("default_tensor is {} of {} elements", dtype_name(fallback.dtype()), fallback.size()))
          .expecting(format("one {}, as the values", dtype_name(values.dtype())));
    }
    THANE_ASSIGN(fallback, fallback.copy());
  } else if (values.dtype() == DType::kString) {
    fallback = Tensor::scalar<std::string>(attrs.default_string);
  } else {
    fallback = Tensor::must_allocate(values.dtype(), {});
    dispatch<int64_t, int32_t, int16_t>(values.dtype(),
                                        [&]<class T>() { *fallback.data<T>() = static_cast<T>(attrs.default_int64); });
    dispatch<float, double>(values.dtype(), [&]<class T>() { *fallback.data<T>() = attrs.default_float; });
  }
  dispatch_by_size(values.dtype(), [&]<class T>() {
    std::copy_n(values.data<T>(), count, all.data<T>());
    all.data<T>()[count] = *fallback.data<T>();
  });
  return all;
}

}  // namespace

uint64_t KeyIndex::bits(const Tensor& keys, int64_t i) {
  if (!(mask_of(keys.dtype()) & kIeeeFloats)) return static_cast<uint64_t>(keys.as_int64(i));
  const double value = keys.as_double(i);
  if (std::isnan(value)) return std::bit_cast<uint64_t>(std::numeric_limits<double>::quiet_NaN());
  return std::bit_cast<uint64_t>(value == 0 ? 0.0 : value);
}

void KeyIndex::add(const Tensor& keys, bool last_wins) {
  const auto put = [last_wins](auto& map, const auto& key, int64_t i) {
    const auto [at, is_new] = map.try_emplace(key, i);
    if (!is_new && last_wins) at->second = i;
  };
  for (int64_t i = 0; i < keys.size(); ++i) {
    if (keys.dtype() == DType::kString)
      put(strings_, keys.data<std::string>()[i], i);
    else
      put(numbers_, bits(keys, i), i);
  }
}

int64_t KeyIndex::find(const Tensor& keys, int64_t i) const {
  if (keys.dtype() == DType::kString) {
    const auto found = strings_.find(keys.data<std::string>()[i]);
    return found == strings_.end() ? -1 : found->second;
  }
  const auto found = numbers_.find(bits(keys, i));
  return found == numbers_.end() ? -1 : found->second;
}

Status LabelEncoderAttrs::prepare() {
  THANE_ASSIGN(keys, given_list("keys", keys_strings, keys_int64s, keys_floats, keys_tensor));
  THANE_ASSIGN(const Tensor given, given_list("values", values_strings, values_int64s, values_floats, values_tensor));
  if (keys.size() != given.size()) {
    return invalid_model(format("{} keys and {} values", keys.size(), given.size()))
        .expecting("as many of one as of the other");
  }
  THANE_ASSIGN(values, with_default(given, *this));
  index.add(keys, true);
  return ok();
}

Status infer_label_encoder(InferContext& context) {
  const auto& attrs = context.attrs<LabelEncoderAttrs>();
  if (context.dtype(0) != DType::kUndefined && context.dtype(0) != attrs.keys.dtype()) {
    return invalid_model(format("an input of {}", dtype_name(context.dtype(0))))
        .expecting(format("{}, as the keys", dtype_name(attrs.keys.dtype())));
  }
  context.set(0, attrs.values.dtype(), dims_of(context, 0));
  return ok();
}

Status eval_label_encoder(KernelContext& context) {
  const auto& attrs = context.attrs<LabelEncoderAttrs>();
  const Tensor& x = context.input(0);
  dispatch_by_size(attrs.values.dtype(), [&]<class T>() {
    T* out = context.output(0).data<T>();
    for (int64_t i = 0; i < x.size(); ++i) {
      const int64_t found = attrs.index.find(x, i);
      out[i] = attrs.values.data<T>()[found < 0 ? attrs.values.size() - 1 : found];
    }
  });
  return ok();
}

Status CategoryMapperAttrs::prepare() {
  if (cats_strings.size() != cats_int64s.size()) {
    return invalid_model(format("{} cats_strings and {} cats_int64s", cats_strings.size(), cats_int64s.size()))
        .expecting("as many of one as of the other");
  }
  by_string.add(Tensor::vector<std::string>(cats_strings), true);
  by_int.add(Tensor::int64s(cats_int64s), true);
  return ok();
}

Status infer_category_mapper(InferContext& context) {
  DType out = DType::kUndefined;
  if (context.dtype(0) == DType::kString) out = DType::kInt64;
  if (context.dtype(0) == DType::kInt64) out = DType::kString;
  context.set(0, out, dims_of(context, 0));
  return ok();
}

Status eval_category_mapper(KernelContext& context) {
  const auto& attrs = context.attrs<CategoryMapperAttrs>();
  const Tensor& x = context.input(0);
  Tensor& output = context.output(0);
  for (int64_t i = 0; i < x.size(); ++i) {
    if (x.dtype() == DType::kString) {
      const int64_t found = attrs.by_string.find(x, i);
      output.data<int64_t>()[i] = found < 0 ? attrs.default_int64 : attrs.cats_int64s[static_cast<size_t>(found)];
    } else {
      const int64_t found = attrs.by_int.find(x, i);
      output.data<std::string>()[i] = found < 0 ? attrs.default_string : attrs.cats_strings[static_cast<size_t>(found)];
    }
  }
  return ok();
}

Status OneHotEncoderAttrs::prepare() {
  if (cats_strings.empty() == cats_int64s.empty()) {
    return invalid_model(cats_strings.empty() ? "no categories" : "both cats_strings and cats_int64s")
        .expecting("one of the two");
  }
  index.add(cats_strings.empty() ? Tensor::int64s(cats_int64s) : Tensor::vector<std::string>(cats_strings), false);
  return ok();
}

Status infer_one_hot_encoder(InferContext& context) {
  const auto& attrs = context.attrs<OneHotEncoderAttrs>();
  const bool strings = !attrs.cats_strings.empty();
  if (context.dtype(0) != DType::kUndefined && (context.dtype(0) == DType::kString) != strings) {
    return invalid_model(format("an input of {}", dtype_name(context.dtype(0))))
        .expecting(strings ? "string, as the categories" : "numbers, as the categories");
  }
  std::optional<SymDims> dims = dims_of(context, 0);
  if (dims) dims->push_back(Dim(static_cast<int64_t>(attrs.size())));
  context.set(0, DType::kFloat32, std::move(dims));
  return ok();
}

Status eval_one_hot_encoder(KernelContext& context) {
  const auto& attrs = context.attrs<OneHotEncoderAttrs>();
  const Tensor& x = context.input(0);
  Tensor whole = x;
  if (x.dtype() != DType::kString &&
      x.dtype() != DType::kInt64) {  // categories are whole numbers: fractions are cut off
    THANE_ASSIGN(whole, Tensor::allocate(DType::kInt64, x.dims()));
    for (int64_t i = 0; i < x.size(); ++i) whole.data<int64_t>()[i] = x.as_int64(i);
  }
  const auto count = static_cast<int64_t>(attrs.size());
  float* out = context.output(0).data<float>();
  std::fill_n(out, x.size() * count, 0.f);
  for (int64_t i = 0; i < x.size(); ++i) {
    const int64_t found = attrs.index.find(whole, i);
    if (found >= 0)
      out[i * count + found] = 1;
    else if (!attrs.zeros)
      return runtime_error(format("element {} is no known category", i)).expecting("one of cats_*, since zeros is 0");
  }
  return ok();
}

}  // namespace thane::ml
