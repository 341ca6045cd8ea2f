// Unique: distinct elements, or distinct slices along an axis, with where they first stand and how often.
#include <algorithm>
#include <numeric>

#include "base/format.h"
#include "kernels/copy.h"
#include "ops/indexing/indexing.h"

namespace thane {
namespace {

enum Output : size_t { kValues, kFirst, kInverse, kCounts };

// Items to tell apart: `count` of them, each of `parts` elements; element j of item i is the one at offset(i, j).
struct Items {
  int64_t count, parts, inner;
  int64_t offset(int64_t item, int64_t part) const { return (part / inner * count + item) * inner + part % inner; }
};

// One number per element, ordered as the elements; two per complex one.
std::vector<uint64_t> keys_of(const Tensor& input) {
  const bool is_complex = mask_of(input.dtype()) & kComplexes;
  const auto n = static_cast<size_t>(input.size());
  std::vector<uint64_t> keys(is_complex ? 2 * n : n);
  if (input.dtype() == DType::kString) {
    const std::string* strings = input.data<std::string>();
    std::vector<size_t> order(n);
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return strings[a] < strings[b]; });
    for (size_t i = 1; i < n; ++i) {
      keys[order[i]] = keys[order[i - 1]] + (strings[order[i - 1]] != strings[order[i]] ? 1 : 0);
    }
  } else if (is_complex) {
    const DType part = input.dtype() == DType::kComplex64 ? DType::kFloat32 : DType::kFloat64;
    order_keys(part, input.raw(), 1, 2 * input.size(), keys.data());
  } else {
    order_keys(input.dtype(), input.raw(), 1, input.size(), keys.data());
  }
  return keys;
}

// Groups of equal items.
struct Groups {
  std::vector<int64_t> first;  // of each group, in output order
  std::vector<int64_t> counts;
  std::vector<int64_t> inverse;  // group of each item
};

Groups group(const Tensor& input, const Items& items, bool sorted) {
  const std::vector<uint64_t> keys = keys_of(input);
  const int64_t per_element = input.size() ? static_cast<int64_t>(keys.size()) / input.size() : 1;
  const auto key = [&](int64_t item, int64_t part) {
    return keys[static_cast<size_t>(items.offset(item, part / per_element) * per_element + part % per_element)];
  };
  const int64_t parts = items.parts * per_element;
  const auto compare = [&](int64_t a, int64_t b) {
    for (int64_t p = 0; p < parts; ++p) {
      const uint64_t x = key(a, p), y = key(b, p);
      if (x != y) return x < y ? -1 : 1;
    }
    return 0;
  };
  std::vector<int64_t> order(static_cast<size_t>(items.count));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    const int c = compare(a, b);
    return c != 0 ? c < 0 : a < b;
  });
  Groups groups;
  groups.inverse.resize(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || compare(order[i - 1], order[i]) != 0) {
      groups.first.push_back(order[i]);
      groups.counts.push_back(0);
    }
    ++groups.counts.back();
    groups.inverse[static_cast<size_t>(order[i])] = static_cast<int64_t>(groups.first.size()) - 1;
  }
  if (sorted) return groups;
  std::vector<int64_t> by_first(groups.first.size());
  std::iota(by_first.begin(), by_first.end(), int64_t{0});
  const auto at = [](const std::vector<int64_t>& v, int64_t i) { return v[static_cast<size_t>(i)]; };
  std::sort(by_first.begin(), by_first.end(),
            [&](int64_t a, int64_t b) { return at(groups.first, a) < at(groups.first, b); });
  Groups ordered;
  std::vector<int64_t> rank(by_first.size());
  for (size_t i = 0; i < by_first.size(); ++i) {
    rank[static_cast<size_t>(by_first[i])] = static_cast<int64_t>(i);
    ordered.first.push_back(at(groups.first, by_first[i]));
    ordered.counts.push_back(at(groups.counts, by_first[i]));
  }
  for (int64_t g : groups.inverse) ordered.inverse.push_back(at(rank, g));
  return ordered;
}

Status put(KernelContext& context, size_t output, const std::vector<int64_t>& numbers) {
  if (!context.wants_output(output)) return ok();
  THANE_ASSIGN(Tensor * out, context.allocate(output, DType::kInt64, {static_cast<int64_t>(numbers.size())}));
  std::copy(numbers.begin(), numbers.end(), out->data<int64_t>());
  return ok();
}

}  // namespace

Status infer_unique(InferContext& context) {
  const SymDims* dims = context.dims(0);
  const auto& axis_attr = context.attrs<UniqueAttrs>().axis;
  Dim items;
  if (!axis_attr) {
    context.set(kValues, context.dtype(0), SymDims(1));
    if (dims) items = count_of(*dims);
  } else if (dims) {
    THANE_ASSIGN(const size_t axis, normalize_axis(*axis_attr, dims->size()));
    SymDims out = *dims;
    items = out[axis];
    out[axis] = Dim::unknown();
    context.set(kValues, context.dtype(0), std::move(out));
  } else {
    context.set(kValues, context.dtype(0));
  }
  context.set(kFirst, DType::kInt64, SymDims(1));
  context.set(kInverse, DType::kInt64, SymDims{items});
  context.set(kCounts, DType::kInt64, SymDims(1));
  return ok();
}

Status eval_unique(KernelContext& context) {
  const auto& attrs = context.attrs<UniqueAttrs>();
  const Tensor& input = context.input(0);
  Items items{input.size(), 1, 1};
  Dims out_dims{0};
  size_t axis = 0;
  if (attrs.axis) {
    THANE_ASSIGN(axis, normalize_axis(*attrs.axis, input.rank()));
    out_dims = input.dims();
    items = {input.dim(axis), 1, row_major_strides(input.dims())[axis]};
    for (size_t i = 0; i < input.rank(); ++i) items.parts *= i == axis ? 1 : input.dim(i);
  }
  const Groups groups = group(input, items, attrs.sorted);
  out_dims[axis] = static_cast<int64_t>(groups.first.size());
  THANE_ASSIGN(Tensor * values, context.allocate(kValues, input.dtype(), out_dims));
  const DType dtype = input.dtype();
  const Items picked{out_dims[axis], items.parts, items.inner};
  for (int64_t i = 0; i < picked.count; ++i) {
    for (int64_t part = 0; part < items.parts; part += items.inner) {
      copy_elements(dtype, element(dtype, input.raw(), items.offset(groups.first[static_cast<size_t>(i)], part)),
                    element(dtype, values->raw(), picked.offset(i, part)), items.inner);
    }
  }
  THANE_TRY(put(context, kFirst, groups.first));
  THANE_TRY(put(context, kInverse, groups.inverse));
  return put(context, kCounts, groups.counts);
}

}  // namespace thane
