#include "ir/context.h"

#include "base/format.h"

namespace thane {

std::optional<DimValues> InferContext::dim_values(size_t i) const {
  if (!has_input(i)) return std::nullopt;
  const Fact& fact = *inputs_[i];
  if (fact.dim_values) return fact.dim_values;
  const auto numbers = ints(i);
  if (!numbers) return std::nullopt;
  return DimValues(numbers->begin(), numbers->end());
}

std::optional<Dims> InferContext::ints(size_t i) const {
  constexpr int64_t kMost = 4096;  // dimensions, axes, sizes: never many
  if (!has_input(i)) return std::nullopt;
  const Fact& fact = *inputs_[i];
  if (fact.value) {
    const Tensor& tensor = *fact.value;
    if (!(mask_of(tensor.dtype()) & (kInts | kBoolOnly)) || tensor.rank() > 1 || tensor.size() > kMost) {
      return std::nullopt;
    }
    Dims numbers(static_cast<size_t>(tensor.size()));
    for (size_t k = 0; k < numbers.size(); ++k) numbers[k] = tensor.as_int64(static_cast<int64_t>(k));
    return numbers;
  }
  if (fact.dim_values && all_numbers(*fact.dim_values)) return to_numbers(*fact.dim_values);
  return std::nullopt;
}

uint64_t RandomSource::next() {
  // Steele, Lea, Flood: Fast splittable pseudorandom number generators (OOPSLA 2014).
  uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

Result<Tensor*> KernelContext::allocate(size_t i, DType dtype, Dims dims) {
  THANE_ASSIGN(Tensor tensor, Tensor::allocate(dtype, std::move(dims)));
  outputs_[i] = Value(std::move(tensor));
  return &outputs_[i].tensor();
}

Result<size_t> normalize_axis(int64_t axis, size_t rank, std::string_view what) {
  const auto r = static_cast<int64_t>(rank);
  if (axis < -r || axis >= r) {
    return invalid_model(format("{} {} is out of range for rank {}", what, axis, rank))
        .expecting(format("{} to {}", -r, r - 1));
  }
  return static_cast<size_t>(axis < 0 ? axis + r : axis);
}

Result<std::vector<size_t>> normalize_axes(const Dims& axes, size_t rank, std::string_view what) {
  std::vector<bool> seen(rank, false);
  std::vector<size_t> out;
  for (int64_t axis : axes) {
    THANE_ASSIGN(const size_t a, normalize_axis(axis, rank, what));
    if (seen[a]) return invalid_model(format("{} {} repeat axis {}", what, to_string(axes), axis));
    seen[a] = true;
    out.push_back(a);
  }
  return out;
}

Result<SymDims> broadcast(std::span<const SymDims* const> shapes) {
  size_t rank = 0;
  for (const SymDims* shape : shapes) rank = std::max(rank, shape->size());
  SymDims out(rank, Dim(1));
  for (const SymDims* shape : shapes) {
    for (size_t i = 0; i < shape->size(); ++i) {
      Dim& have = out[rank - shape->size() + i];
      const Dim& next = (*shape)[i];
      if (next.is_number(1) || have == next) continue;
      if (have.is_number(1)) {
        have = next;
      } else if (have.is_number() && next.is_number()) {
        return invalid_model(format("shapes {} and {} do not broadcast: {} against {}", to_string(out),
                                    to_string(*shape), have.number(), next.number()));
      } else if (next.is_number()) {
        have = next;
      } else if (!have.is_number()) {
        have = Dim::unknown();
      }
    }
  }
  return out;
}

}  // namespace thane
