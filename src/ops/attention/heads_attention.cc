// Attention on float32, one head at a time: keys and values are packed straight from where they lie, a block of rows of
// scores stays in the cache between the two products.
#include <algorithm>
#include <cmath>

#include "kernels/gemm/gemm.h"
#include "kernels/rows/rows.h"
#include "ops/attention/attention.h"
#include "ops/attention/kernels.h"
#include "ops/scratch.h"

namespace thane {
namespace {

constexpr int64_t kRowsAtOnce = 128;  // queries whose scores are held

std::string refuse_heads(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<AttentionAttrs>();
  for (size_t i = 0; i < query.inputs.size(); ++i) {
    if (!query.inputs[i]) continue;
    if (i > 3) return "past keys or valid lengths";
    if (query.inputs[i]->dtype != DType::kFloat32) return i == 3 ? "the mask is not float32" : "dtype is not float32";
  }
  for (size_t i = 1; i < query.node.outputs.size(); ++i) {
    if (query.node.outputs[i] != kNoValue) return "present keys or scores are wanted";
  }
  if (attrs.softcap != 0) return "softcap";
  if (count_of(*query.inputs[1]->dims).is_number(0)) return "no keys";
  if (attrs.softmax_precision && *attrs.softmax_precision != DType::kFloat32) return "softmax is not in float32";
  const size_t rank = query.inputs[0]->dims->size();
  if (query.inputs[1]->dims->size() != rank || query.inputs[2]->dims->size() != rank) return "ranks differ";
  if (query.inputs.size() > 3 && query.inputs[3]) {
    const SymDims &mask = *query.inputs[3]->dims, &k = *query.inputs[1]->dims;
    if (!(mask.back() == k[rank == 3 ? 1 : 2])) return "the mask is shorter than the keys";
  }
  return {};
}

class HeadsAttention : public PreparedKernel {
 public:
  explicit HeadsAttention(const KernelQuery& query)
      : gemm_(gemm_kernel(query.isa)),
        rows_(row_kernels(query.isa)),
        attrs_(query.node.attrs_as<AttentionAttrs>()),
        q_(heads(query, 0, attrs_.q_num_heads)),
        k_(heads(query, 1, attrs_.kv_num_heads)),
        v_(heads(query, 2, attrs_.kv_num_heads)),
        y_(Heads(Tensor::borrow(DType::kFloat32, to_numbers(*query.outputs[0].dims), nullptr), q_.heads)),
        scale_(attrs_.scale.value_or(1 / std::sqrt(static_cast<float>(q_.size)))),
        k_floats_(k_.size * gemm_.packed_columns(k_.length)),
        v_floats_(k_.length * gemm_.packed_columns(v_.size)),
        scratch_(k_floats_ + v_floats_ + std::min(kRowsAtOnce, q_.length) * k_.length) {
    if (query.inputs.size() <= 3 || !query.inputs[3]) return;
    const Dims mask = to_numbers(*query.inputs[3]->dims);
    int64_t stride = 1;
    for (size_t i = mask.size(); i-- > 0;) {
      mask_strides_[4 - mask.size() + i] = mask[i] == 1 ? 0 : stride;
      stride *= mask[i];
    }
  }

  Status run(KernelContext& context) const override {
    if (context.output(0).size() == 0) return ok();
    const int64_t flops = 2 * q_.length * k_.length * (q_.size + v_.size);
    std::atomic<bool> short_of_memory{false};
    context.threads().parallel_for(q_.batch * q_.heads, 250000 / std::max<int64_t>(flops, 1) + 1,
                                   [&](int64_t begin, int64_t end) {
                                     const auto lease = scratch_.take();
                                     if (!lease.ok()) {
                                       short_of_memory = true;
                                       return;
                                     }
                                     for (int64_t i = begin; i < end; ++i)
                                       head(context, i / q_.heads, i % q_.heads, lease->data());
                                   });
    return short_of_memory ? Status(resource_limit("no memory for attention scores")) : ok();
  }

 private:
  static Heads heads(const KernelQuery& query, size_t input, std::optional<int64_t> count) {
    return Heads(Tensor::borrow(DType::kFloat32, to_numbers(*query.inputs[input]->dims), nullptr), count.value_or(1));
  }

  // C[m × n] = A · packed panels.
  void product(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* packed, float* c,
               int64_t ldc) const {
    for (int64_t j = 0; j < n; j += gemm_.columns) {
      gemm_.panel({.m = m,
                   .n = std::min<int64_t>(gemm_.columns, n - j),
                   .k = k,
                   .a = a,
                   .lda = lda,
                   .b = packed + j * k,
                   .c = c + j,
                   .ldc = ldc});
    }
  }

  void head(KernelContext& context, int64_t batch, int64_t head, float* scratch) const {
    const int64_t kv_head = head * k_.heads / q_.heads;
    const auto at = [&](size_t input, const Heads& h, int64_t index) {
      return context.input(input).data<float>() + batch * h.batch_stride + index * h.head_stride;
    };
    float* keys = scratch;
    float* values = keys + k_floats_;
    float* scores = values + v_floats_;
    pack_b(gemm_, k_.size, k_.length, at(1, k_, kv_head), 1, k_.row_stride, 1.0f, keys);
    pack_b(gemm_, k_.length, v_.size, at(2, v_, kv_head), v_.row_stride, 1, 1.0f, values);
    const float* q = at(0, q_, head);
    float* y = context.output(0).data<float>() + batch * y_.batch_stride + head * y_.head_stride;
    const bool masked = context.has_input(3);
    const float* mask =
        masked ? context.input(3).data<float>() + batch * mask_strides_[0] + head * mask_strides_[1] : nullptr;
    for (int64_t first = 0; first < q_.length; first += kRowsAtOnce) {
      const int64_t count = std::min(kRowsAtOnce, q_.length - first);
      product(count, k_.length, k_.size, q + first * q_.row_stride, q_.row_stride, keys, scores, k_.length);
      for (int64_t r = 0; r < count; ++r) {
        float* row = scores + r * k_.length;
        const int64_t n = attrs_.is_causal ? std::min(k_.length, first + r + 1) : k_.length;
        rows_.softmax(n, scale_, row, masked ? mask + (first + r) * mask_strides_[2] : nullptr, row);
        std::fill(row + n, row + k_.length, 0.0f);
      }
      product(count, v_.size, k_.length, scores, k_.length, values, y + first * y_.row_stride, y_.row_stride);
    }
  }

  const GemmKernel& gemm_;
  const RowKernels& rows_;
  const AttentionAttrs& attrs_;
  Heads q_, k_, v_, y_;
  float scale_;
  int64_t k_floats_, v_floats_;
  std::array<int64_t, 4> mask_strides_{};
  mutable ScratchPool scratch_;
};

Result<std::unique_ptr<PreparedKernel>> prepare_heads(const KernelQuery& query) {
  return std::unique_ptr<PreparedKernel>(new HeadsAttention(query));
}

}  // namespace

const Kernel kHeadsAttention = {"attention.heads", refuse_heads, prepare_heads};

}  // namespace thane
