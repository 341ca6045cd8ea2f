// TopK: the k largest or smallest elements along an axis, best first; of equal ones the earlier. NaN counts as the
// largest.
#include <algorithm>

#include "base/format.h"
#include "kernels/copy.h"
#include "ops/indexing/indexing.h"
#include "ops/shape_values.h"

namespace thane {

Status infer_top_k(InferContext& context) {
  const SymDims* dims = context.dims(0);
  THANE_ASSIGN(const auto ks, known_dims(context, 1, "k"));
  if (ks && ks->size() != 1) return invalid_model(format("k has {} elements", ks->size())).expecting("1");
  std::optional<SymDims> out;
  if (dims) {
    THANE_ASSIGN(const size_t axis, normalize_axis(context.attrs<TopKAttrs>().axis, dims->size()));
    const Dim k = ks ? (*ks)[0] : Dim::unknown();
    const Dim& size = (*dims)[axis];
    if (k.is_number() && (k.number() < 0 || (size.is_number() && k.number() > size.number()))) {
      return invalid_model(format("k is {} along axis {} of {}", k.number(), axis, to_string(*dims)));
    }
    out = *dims;
    (*out)[axis] = k;
  }
  context.set(0, context.dtype(0), out);
  context.set(1, DType::kInt64, std::move(out));
  return ok();
}

Status eval_top_k(KernelContext& context) {
  const auto& attrs = context.attrs<TopKAttrs>();
  const Tensor& input = context.input(0);
  Tensor& values = context.output(0);
  Tensor& indices = context.output(1);
  if (values.size() == 0) return ok();
  THANE_ASSIGN(const size_t axis, normalize_axis(attrs.axis, input.rank()));
  const int64_t n = input.dim(axis), k = values.dim(axis);
  const int64_t inner = row_major_strides(input.dims())[axis];
  const DType dtype = input.dtype();
  struct Entry {
    uint64_t key;
    int64_t index;
    bool operator<(const Entry& other) const { return key != other.key ? key < other.key : index < other.index; }
  };
  context.threads().parallel_for(input.size() / n, 4096 / n, [&](int64_t begin, int64_t end) {
    std::vector<uint64_t> keys(static_cast<size_t>(n));
    std::vector<Entry> entries(static_cast<size_t>(n));
    for (int64_t row = begin; row < end; ++row) {
      const int64_t base = row / inner * n * inner + row % inner;
      order_keys(dtype, element(dtype, input.raw(), base), inner, n, keys.data());
      for (size_t i = 0; i < keys.size(); ++i) {
        entries[i] = {attrs.largest ? ~keys[i] : keys[i], static_cast<int64_t>(i)};
      }
      if (k < n) std::nth_element(entries.begin(), entries.begin() + k - 1, entries.end());
      std::sort(entries.begin(), entries.begin() + k);
      const int64_t out = row / inner * k * inner + row % inner;
      for (int64_t i = 0; i < k; ++i) {
        const int64_t source = entries[static_cast<size_t>(i)].index;
        copy_elements(dtype, element(dtype, input.raw(), base + source * inner),
                      element(dtype, values.raw(), out + i * inner), 1);
        indices.data<int64_t>()[out + i * inner] = source;
      }
    }
  });
  return ok();
}

}  // namespace thane
