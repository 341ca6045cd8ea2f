// tf.Example messages → tensors.
#pragma once

#include "ir/context.h"

namespace thane {

// Inputs: serialized messages [n] (or one, as a scalar), then a default per dense key (without elements: none).
// Outputs: indices, values and shape of each sparse key, grouped by kind; values of each dense key; values and row
// splits of each ragged key, grouped by kind.
struct ParseExampleAttrs : Attrs {
  std::vector<std::string> sparse_keys, dense_keys, ragged_keys;
  Dims sparse_types, dense_types, ragged_types, split_types;  // dtype codes
  Dims dense_ranks, dense_dims;  // of one message, one after the other; a leading -1: any number of rows
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("sparse_keys", self.sparse_keys);
    v("dense_keys", self.dense_keys);
    v("ragged_keys", self.ragged_keys);
    v("sparse_types", self.sparse_types);
    v("dense_types", self.dense_types);
    v("ragged_types", self.ragged_types);
    v("split_types", self.split_types);
    v("dense_ranks", self.dense_ranks);
    v("dense_dims", self.dense_dims);
  }
  Status prepare();
  std::vector<Dims> dense_shapes;
};
Status infer_parse_example(InferContext& context);
Status eval_parse_example(KernelContext& context);

}  // namespace thane
