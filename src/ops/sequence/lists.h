// Lists that are written by position, as loops of other frameworks fill them. An item that nothing was written to reads
// as zeros of the shape it was reserved with; where that is not known, of the other items' shape.
#pragma once

#include "ir/context.h"

namespace thane {

struct ListReserveAttrs : Attrs {
  DType dtype = DType::kFloat32;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("dtype", self.dtype);
  }
};

struct ListItemAttrs : Attrs {
  std::optional<Dims> dims;  // what is known of an item's shape; -1: unknown
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("dims", self.dims);
  }
};

// count, shape (−1: unknown) → a list of as many items.
Status infer_list_reserve(InferContext& context);
Status eval_list_reserve(KernelContext& context);
// list, position, item → the list with that item there; it grows where it is too short.
Status infer_list_set(InferContext& context);
Status eval_list_set(KernelContext& context);
// list, positions, tensor: sets several, from the tensor's rows.
Status infer_list_scatter(InferContext& context);
Status eval_list_scatter(KernelContext& context);
// list, position → item.
Status infer_list_get(InferContext& context);
Status eval_list_get(KernelContext& context);
// list → all items along a new first axis.
Status infer_list_stack(InferContext& context);
Status eval_list_stack(KernelContext& context);

}  // namespace thane
