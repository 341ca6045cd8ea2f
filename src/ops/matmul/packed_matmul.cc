// Fast kernels of MatMul for float32.
#include <algorithm>

#include "ir/context.h"
#include "ops/matmul/matmul.h"
#include "ops/matmul/packed.h"

namespace thane {
namespace {

std::string refuse_common(const KernelQuery& query) {
  if (query.inputs[0]->dtype != DType::kFloat32) return "dtype is not float32";
  if (query.inputs[0]->dims->size() < 2 || query.inputs[1]->dims->size() < 2) return "an operand is a vector";
  return {};
}

std::string refuse_packed(const KernelQuery& query) {
  if (std::string reason = refuse_common(query); !reason.empty()) return reason;
  if (!query.constants[1]) return "the right-hand side is not constant";
  if (query.constants[1]->rank() != 2) return "the right-hand side is a batch of matrices";
  return {};
}

class PackedMatMul : public PreparedKernel {
 public:
  PackedMatMul(PackedMatrix b, Activation activation) : b_(std::move(b)), activation_(activation) {}
  bool reads(size_t input) const override { return input != 1; }  // the weights are packed
  Status run(KernelContext& context) const override {
    const Tensor& a = context.input(0);
    const int64_t rows = b_.k ? a.size() / b_.k : context.output(0).size() / std::max<int64_t>(b_.n, 1);
    const auto addend = [&](size_t input) {
      return context.has_input(input) ? context.input(input).data<float>() : nullptr;
    };
    return multiply(b_, rows, a.data<float>(), context.output(0).data<float>(), {addend(2), addend(3)}, activation_,
                    context.threads());
  }

 private:
  PackedMatrix b_;
  Activation activation_;
};

Result<std::unique_ptr<PreparedKernel>> prepare_matmul_with(const KernelQuery& query, const Activation& activation) {
  const Tensor& b = *query.constants[1];
  THANE_ASSIGN(PackedMatrix packed, query.shared<PackedMatrix>("panels", [&] {
    return pack_matrix(query, gemm_for_weights(query, b.dim(0), b.dim(1)), b.dim(0), b.dim(1), b.data<float>(),
                       b.dim(1), 1);
  }));
  const Dims a = to_numbers(*query.inputs[0]->dims);
  int64_t rows = 1;
  for (size_t i = 0; i + 1 < a.size(); ++i) rows *= a[i];
  THANE_TRY(prepare_for_rows(query, rows, packed));
  return std::unique_ptr<PreparedKernel>(new PackedMatMul(std::move(packed), activation));
}

Result<std::unique_ptr<PreparedKernel>> prepare_packed(const KernelQuery& query) {
  return prepare_matmul_with(query, {});
}

Result<std::unique_ptr<PreparedKernel>> prepare_fused_matmul(const KernelQuery& query) {
  return prepare_matmul_with(query, query.node.attrs_as<FusedMatMulAttrs>().activation);
}

std::string refuse_batched(const KernelQuery& query) {
  if (std::string reason = refuse_common(query); !reason.empty()) return reason;
  const SymDims& a = *query.inputs[0]->dims;
  if (a[a.size() - 2].number() < 4) return "too few rows to pay for packing";
  return {};
}

// Where the matrices of one operand lie for each matrix of the (broadcast) output.
std::vector<int64_t> batch_offsets(const Dims& operand, const Dims& output) {
  const size_t batch_rank = output.size() - 2;
  int64_t count = 1;
  for (size_t i = 0; i < batch_rank; ++i) count *= output[i];
  std::vector<int64_t> offsets(static_cast<size_t>(count), 0);
  int64_t stride = operand[operand.size() - 1] * operand[operand.size() - 2];
  int64_t repeat = 1;  // outputs per step of the axis at hand
  for (size_t i = 0; i < batch_rank; ++i) {
    const size_t axis = batch_rank - 1 - i;
    const bool there = i + 2 < operand.size();
    const int64_t extent = there ? operand[operand.size() - 3 - i] : 1;
    if (extent > 1) {
      for (int64_t n = 0; n < count; ++n) offsets[static_cast<size_t>(n)] += n / repeat % output[axis] * stride;
    }
    stride *= extent;
    repeat *= output[axis];
  }
  return offsets;
}

class BatchedMatMul : public PreparedKernel {
 public:
  explicit BatchedMatMul(const GemmKernel& kernel) : kernel_(kernel) {}
  Status run(KernelContext& context) const override {
    const Tensor& a = context.input(0);
    const Tensor& b = context.input(1);
    Tensor& c = context.output(0);
    if (c.size() == 0) return ok();
    const int64_t m = a.dim(a.rank() - 2), k = a.dim(a.rank() - 1), n = b.dim(b.rank() - 1);
    const auto a_offsets = batch_offsets(a.dims(), c.dims());
    const auto b_offsets = batch_offsets(b.dims(), c.dims());
    const int64_t panels = (n + kernel_.columns - 1) / kernel_.columns;
    const auto jobs = static_cast<int64_t>(a_offsets.size()) * panels;
    const int64_t flops = 2 * m * k * kernel_.columns;
    std::atomic<bool> short_of_memory{false};
    context.threads().parallel_for(jobs, 250000 / std::max<int64_t>(flops, 1) + 1, [&](int64_t begin, int64_t end) {
      auto scratch = allocate_buffer(static_cast<size_t>(k * kernel_.columns) * sizeof(float));
      if (!scratch.ok()) {
        short_of_memory = true;
        return;
      }
      auto* packed = reinterpret_cast<float*>((*scratch)->data());
      for (int64_t i = begin; i < end; ++i) {
        const auto matrix = static_cast<size_t>(i / panels);
        const int64_t column = i % panels * kernel_.columns;
        const int64_t width = std::min<int64_t>(kernel_.columns, n - column);
        pack_b(kernel_, k, width, b.data<float>() + b_offsets[matrix] + column, n, 1, 1.0f, packed);
        kernel_.panel({.m = m,
                       .n = width,
                       .k = k,
                       .a = a.data<float>() + a_offsets[matrix],
                       .lda = k,
                       .b = packed,
                       .c = c.data<float>() + static_cast<int64_t>(matrix) * m * n + column,
                       .ldc = n});
      }
    });
    if (short_of_memory) return resource_limit("no memory for a packed panel");
    return ok();
  }

 private:
  const GemmKernel& kernel_;
};

Result<std::unique_ptr<PreparedKernel>> prepare_batched(const KernelQuery& query) {
  return std::unique_ptr<PreparedKernel>(new BatchedMatMul(gemm_kernel(query.isa)));
}

}  // namespace

const Kernel kPackedMatMul = {"matmul.packed", refuse_packed, prepare_packed, input_bit(1)};
const Kernel kPackedFusedMatMul = {"matmul.packed", refuse_packed, prepare_fused_matmul, input_bit(1)};
const Kernel kBatchedMatMul = {"matmul.batched", refuse_batched, prepare_batched};

}  // namespace thane
