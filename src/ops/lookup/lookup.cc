#include "ops/lookup/lookup.h"

#include "base/format.h"

namespace thane {

Status TableLookupAttrs::prepare() {
  if (!keys.defined() || !values.defined() || keys.size() != values.size()) {
    return invalid_model(format("{} keys and {} values", keys.size(), values.size())).expecting("as many");
  }
  const bool text = keys.dtype() == DType::kString;
  if (!text && (mask_of(keys.dtype()) & (kInts | kBoolOnly)) == 0) {
    return unsupported(format("keys of dtype {}", dtype_name(keys.dtype())));
  }
  for (int64_t i = 0; i < keys.size(); ++i) {
    if (text)
      texts.emplace(keys.data<std::string>()[i], i);
    else
      integers.emplace(keys.as_int64(i), i);
  }
  return ok();
}

Status infer_table_lookup(InferContext& context) {
  const auto& attrs = context.attrs<TableLookupAttrs>();
  if (context.dtype(0) != attrs.keys.dtype() && context.dtype(0) != DType::kUndefined) {
    return invalid_model(
        format("keys {} for a table of {}", dtype_name(context.dtype(0)), dtype_name(attrs.keys.dtype())));
  }
  if (context.dtype(1) != attrs.values.dtype() && context.dtype(1) != DType::kUndefined) {
    return invalid_model(
        format("a default {} for a table of {}", dtype_name(context.dtype(1)), dtype_name(attrs.values.dtype())));
  }
  const SymDims* dims = context.dims(0);
  context.set(0, attrs.values.dtype(), dims ? std::optional(*dims) : std::nullopt);
  return ok();
}

Status eval_table_lookup(KernelContext& context) {
  const auto& attrs = context.attrs<TableLookupAttrs>();
  const Tensor &keys = context.input(0), &fallback = context.input(1), &out = context.output(0);
  if (fallback.size() != 1) return runtime_error(format("a default of {} elements", fallback.size())).expecting("1");
  const auto place = [&](int64_t i) -> int64_t {
    if (keys.dtype() == DType::kString) {
      const auto found = attrs.texts.find(keys.data<std::string>()[i]);
      return found == attrs.texts.end() ? -1 : found->second;
    }
    const auto found = attrs.integers.find(keys.as_int64(i));
    return found == attrs.integers.end() ? -1 : found->second;
  };
  dispatch_by_size(out.dtype(), [&]<class T>() {
    for (int64_t i = 0; i < keys.size(); ++i) {
      const int64_t at = place(i);
      out.data<T>()[i] = at < 0 ? *fallback.data<T>() : attrs.values.data<T>()[at];
    }
  });
  return ok();
}

}  // namespace thane
