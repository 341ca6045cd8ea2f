#include "ops/matmul/matmul.h"

#include <algorithm>

#include "base/format.h"
#include "kernels/matmul.h"

namespace thane {
namespace {

Error depth_mismatch(const SymDims& a, const SymDims& b) {
  return invalid_model(format("shapes {} and {} do not multiply", to_string(a), to_string(b)))
      .expecting("as many columns on the left as rows on the right");
}

constexpr int64_t kBatchesAtOnce = 1 << 16;  // bounds the memory that offsets take

// Steps of one side through the batch, in elements; 0 along axes that broadcast.
Dims batch_strides(const Dims& dims, size_t batch_rank) {
  const size_t lead = dims.size() - 2;
  Dims strides(batch_rank, 0);
  int64_t stride = dims[lead] * dims[lead + 1];
  for (size_t i = lead; i-- > 0;) {
    strides[batch_rank - lead + i] = dims[i] == 1 ? 0 : stride;
    stride *= dims[i];
  }
  return strides;
}

// Where matrix `index` of the batch starts.
int64_t batch_offset(const Dims& batch, const Dims& strides, int64_t index) {
  int64_t offset = 0;
  for (size_t axis = batch.size(); axis-- > 0;) {
    offset += index % batch[axis] * strides[axis];
    index /= batch[axis];
  }
  return offset;
}

}  // namespace

Result<SymDims> matmul_dims(SymDims a, SymDims b) {
  if (a.empty() || b.empty()) {
    return invalid_model(format("{} times {}: a scalar", to_string(a), to_string(b))).expecting("rank 1 or more");
  }
  const bool row = a.size() == 1, column = b.size() == 1;
  if (row) a.insert(a.begin(), Dim(1));
  if (column) b.push_back(Dim(1));
  const Dim& depth_a = a.back();
  const Dim& depth_b = b[b.size() - 2];
  if (depth_a.is_number() && depth_b.is_number() && !(depth_a == depth_b)) {
    return depth_mismatch(a, b);
  }
  const SymDims batch_a(a.begin(), a.end() - 2), batch_b(b.begin(), b.end() - 2);
  const SymDims* const batches[] = {&batch_a, &batch_b};
  THANE_ASSIGN(SymDims out, broadcast(batches));
  if (!row) out.push_back(a[a.size() - 2]);
  if (!column) out.push_back(b.back());
  return out;
}

Status infer_matmul(InferContext& context) {
  const DType dtype = context.dtype(0);
  if (!context.dims(0) || !context.dims(1)) return context.set(0, dtype), ok();
  THANE_ASSIGN(SymDims out, matmul_dims(*context.dims(0), *context.dims(1)));
  context.set(0, dtype, std::move(out));
  return ok();
}

void multiply(const Tensor& left, const Tensor& right, const Tensor& product, ThreadPool& threads) {
  Dims a = left.dims(), b = right.dims(), batch = product.dims();
  if (a.size() == 1)
    a.insert(a.begin(), 1);
  else
    batch.pop_back();
  if (b.size() == 1)
    b.push_back(1);
  else
    batch.pop_back();
  if (product.size() == 0) return;
  MatmulProblem p;
  p.dtype = product.dtype();
  p.m = a[a.size() - 2];
  p.k = a.back();
  p.n = b.back();
  p.a = left.raw();
  p.b = right.raw();
  p.c = product.raw();
  p.a_row = p.k;
  p.b_row = p.c_row = p.n;
  int64_t count = product.size() / (p.m * p.n);
  // One right side for all: the batch is a taller matrix.
  if (b.size() == 2) {
    p.m *= count;
    count = 1;
  }
  const Dims a_strides = batch_strides(a, batch.size()), b_strides = batch_strides(b, batch.size());
  std::vector<MatmulOffsets> offsets;
  for (int64_t first = 0; first < count; first += kBatchesAtOnce) {
    offsets.clear();
    for (int64_t i = first; i < std::min(first + kBatchesAtOnce, count); ++i) {
      offsets.push_back({batch_offset(batch, a_strides, i), batch_offset(batch, b_strides, i), i * p.m * p.n});
    }
    matmul(p, offsets, threads);
  }
}

Status eval_matmul(KernelContext& context) {
  multiply(context.input(0), context.input(1), context.output(0), context.threads());
  return ok();
}

}  // namespace thane
