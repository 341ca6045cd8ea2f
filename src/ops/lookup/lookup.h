// Hash tables with fixed contents.
#pragma once

#include <memory>
#include <unordered_map>

#include "ir/context.h"

namespace thane {

// Keys (integers or strings) → values of any dtype; keys that are not there get the default, input 1 (one value).
struct TableLookupAttrs : Attrs {
  Tensor keys, values;  // of the same length
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("keys", self.keys);
    v.required("values", self.values);
  }
  Status prepare();
  std::unordered_map<std::string, int64_t> texts;  // key → position; the first of equal keys counts
  std::unordered_map<int64_t, int64_t> integers;
};
Status infer_table_lookup(InferContext& context);
Status eval_table_lookup(KernelContext& context);

}  // namespace thane
