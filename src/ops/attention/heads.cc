#include <cmath>
#include <limits>

#include "base/format.h"
#include "ops/attention/attention.h"

namespace thane {

Heads::Heads(const Tensor& tensor, int64_t head_count) : batch(tensor.dim(0)) {
  if (tensor.rank() == 3) {
    heads = head_count;
    length = tensor.dim(1);
    size = tensor.dim(2) / std::max<int64_t>(heads, 1);
    row_stride = tensor.dim(2);
    head_stride = size;
    batch_stride = length * row_stride;
  } else {
    heads = tensor.dim(1);
    length = tensor.dim(2);
    size = tensor.dim(3);
    row_stride = size;
    head_stride = length * size;
    batch_stride = heads * head_stride;
  }
}

Result<std::array<Dim, 4>> heads_of(const SymDims& dims, std::optional<int64_t> heads, std::string_view name) {
  if (dims.size() == 4) return std::array<Dim, 4>{dims[0], dims[1], dims[2], dims[3]};
  if (dims.size() != 3) {
    return invalid_model(format("{} has the shape {}", name, to_string(dims))).expecting("rank 3 or 4");
  }
  if (!heads || *heads <= 0) {
    return invalid_model(format("{} has rank 3, and the number of heads is {}", name, heads.value_or(0)))
        .expecting("1 or more heads");
  }
  if (dims[2].is_number() && dims[2].number() % *heads != 0) {
    return invalid_model(format("{} {} does not divide into {} heads", name, to_string(dims), *heads));
  }
  return std::array<Dim, 4>{dims[0], Dim(*heads), dims[1], Dim::floor_div(dims[2], Dim(*heads))};
}

Status check_same(const Dim& a, const Dim& b, std::string_view what) {
  if (!a.is_number() || !b.is_number() || a == b) return ok();
  return invalid_model(format("{} is {} and {}", what, a.number(), b.number())).expecting("one size");
}

Status check_head_groups(const Dim& q_heads, const Dim& kv_heads) {
  if (!q_heads.is_number() || !kv_heads.is_number()) return ok();
  const int64_t q = q_heads.number(), kv = kv_heads.number();
  if (kv > 0 ? q % kv == 0 : q == 0) return ok();
  return invalid_model(format("{} query heads do not divide into {} key heads", q, kv));
}

void softmax_rows(Tensor& scores, int64_t n, ThreadPool& threads) {
  if (scores.size() == 0) return;
  dispatch<float, double>(scores.dtype(), [&]<class T>() {
    threads.parallel_for(scores.size() / n, 4096 / n + 1, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        T* row = scores.data<T>() + r * n;
        T highest = -std::numeric_limits<T>::infinity();
        for (int64_t i = 0; i < n; ++i) highest = row[i] > highest ? row[i] : highest;
        double sum = 0;
        for (int64_t i = 0; i < n; ++i) {
          row[i] = std::exp(row[i] - highest);
          sum += static_cast<double>(row[i]);
        }
        const T factor = static_cast<T>(1 / sum);
        for (int64_t i = 0; i < n; ++i) row[i] *= factor;
      }
    });
  });
}

}  // namespace thane
