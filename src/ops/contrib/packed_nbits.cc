// MatMulNBits with constant weights: a panel of them becomes floats a piece at a time, in the first-level cache, where
// the product of floats takes it. Memory is read at the weights' own width.
#include <algorithm>
#include <atomic>

#include "kernels/gemm/gemm.h"
#include "kernels/quantize/blocks.h"
#include "ops/contrib/block_zeros.h"
#include "ops/contrib/contrib.h"
#include "ops/contrib/kernels.h"

namespace thane::contrib {
namespace {

enum Input : size_t { kA, kWeights, kScales, kZeros, kGroups, kBias };

std::string refuse(const KernelQuery& query) {
  if (query.inputs[kA]->dtype != DType::kFloat32) return "data are not float32";
  for (const size_t i : {kWeights, kScales, kZeros}) {
    if (query.has_input(i) && !query.constants[i]) return "the weights are not constant";
  }
  if (query.constants[kWeights]->size() == 0) return "the weights are left out";
  if (query.has_input(kGroups)) return "columns choose their blocks";
  return query.has_input(kBias) && query.inputs[kBias]->dtype != DType::kFloat32 ? "the bias is not float32" : "";
}

// By panels of the product's columns: numbers [blocks][block_size · bits / 8][width], and per block the scales and the
// zero points of its columns.
struct PackedBlocks {
  Tensor numbers, factors;
};

Result<PackedBlocks> pack(const KernelQuery& query, const MatMulNBitsAttrs& attrs, const Tensor& weights,
                          const Tensor& scales, const Tensor* zeros) {
  const GemmKernel& gemm = gemm_kernel(query.isa);
  const int64_t blocks = attrs.blocks(), bytes = attrs.block_size * attrs.bits / 8;
  const int64_t padded = gemm.packed_columns(attrs.n);
  PackedBlocks packed;
  THANE_ASSIGN(packed.numbers, query.allocate(DType::kUInt8, {padded * blocks * bytes}));
  THANE_ASSIGN(packed.factors, query.allocate(DType::kFloat32, {padded * blocks * 2}));
  std::fill_n(packed.factors.data<float>(), packed.factors.size(), 0.0f);
  std::fill_n(packed.numbers.data<uint8_t>(), packed.numbers.size(), uint8_t{0});
  const BlockZeros zero_of(attrs, zeros);
  const Floats scale(&scales);
  for (int64_t first = 0; first < attrs.n; first += gemm.columns) {
    const int64_t count = std::min<int64_t>(gemm.columns, attrs.n - first), width = gemm.panel_width(count);
    uint8_t* to = packed.numbers.data<uint8_t>() + first * blocks * bytes;
    float* factors = packed.factors.data<float>() + first * blocks * 2;
    for (int64_t j = 0; j < count; ++j) {
      const int64_t row = first + j;
      const uint8_t* from = weights.data<uint8_t>() + row * blocks * bytes;
      for (int64_t i = 0; i < blocks * bytes; ++i) to[i * width + j] = from[i];
      for (int64_t b = 0; b < blocks; ++b) {
        factors[2 * b * width + j] = scale.data()[row * blocks + b];
        factors[(2 * b + 1) * width + j] = zero_of(row, b);
      }
    }
  }
  return packed;
}

class PackedNBits : public PreparedKernel {
 public:
  PackedNBits(const KernelQuery& query, PackedBlocks packed)
      : gemm_(gemm_kernel(query.isa)),
        blocks_(weight_blocks(query.isa)),
        attrs_(query.node.attrs_as<MatMulNBitsAttrs>()),
        packed_(std::move(packed)),
        scratch_(query.scratch()) {}

  bool reads(size_t input) const override { return input == kA || input == kBias; }
  Status run(KernelContext& context) const override {
    const int64_t rows = context.output(0).size() / attrs_.n;
    if (rows == 0) return ok();
    const int64_t panels = (attrs_.n + gemm_.columns - 1) / gemm_.columns;
    const int64_t grain = 250000 / std::max<int64_t>(attrs_.k * gemm_.columns * (rows + 3), 1) + 1;
    std::atomic<bool> short_of_memory{false};
    context.threads().parallel_for(panels, grain, [&](int64_t begin, int64_t end) {
      const auto scratch = scratch_->take(kPiece * gemm_.columns);
      if (!scratch.ok()) {
        short_of_memory = true;
        return;
      }
      for (int64_t i = begin; i < end; ++i) multiply(context, rows, i * gemm_.columns, scratch->data());
    });
    if (short_of_memory) return resource_limit("no memory for unpacked weights");
    return ok();
  }

 private:
  static constexpr int64_t kPiece = 256;  // steps over k that are floats at a time

  // The panel of columns from `column` on, for all rows.
  void multiply(KernelContext& context, int64_t rows, int64_t column, float* floats) const {
    const Panel packed = panel_of(column);
    const float* a = context.input(kA).data<float>();
    float* c = context.output(0).data<float>() + column;
    const float* bias = context.has_input(kBias) ? context.input(kBias).data<float>() + column : nullptr;
    if (rows == 1) {
      std::fill_n(floats, packed.width, 0.0f);
      if (bias) std::copy_n(bias, packed.n, floats);
      for_each_block(packed, 0, attrs_.k,
                     [&](int64_t at, const WeightBlock& block) { blocks_.add_row(block, a + at, floats); });
      std::copy_n(floats, packed.n, c);
      return;
    }
    GemmPanel panel{.m = rows, .n = packed.n, .lda = attrs_.k, .b = floats, .c = c, .ldc = attrs_.n};
    panel.epilogue.column_bias = bias;
    for (int64_t first = 0; first < attrs_.k; first += kPiece) {
      panel.k = std::min(kPiece, attrs_.k - first);
      for_each_block(packed, first, first + panel.k, [&](int64_t at, const WeightBlock& block) {
        blocks_.unpack(block, floats + (at - first) * packed.width);
      });
      panel.a = a + first;
      panel.is_first = first == 0;
      panel.is_last = first + kPiece >= attrs_.k;
      gemm_.panel(panel);
    }
  }

  struct Panel {
    int64_t n, width;  // columns, and up to whole vectors
    const uint8_t* numbers;
    const float* factors;
  };
  Panel panel_of(int64_t column) const {
    const int64_t n = std::min<int64_t>(gemm_.columns, attrs_.n - column);
    const int64_t row_bytes = attrs_.blocks() * attrs_.block_size * attrs_.bits / 8;
    return {n, gemm_.panel_width(n), packed_.numbers.data<uint8_t>() + column * row_bytes,
            packed_.factors.data<float>() + column * attrs_.blocks() * 2};
  }

  // Calls use(step, block) for the parts of blocks that lie in [begin, end) of k; begin is where a byte begins.
  template <class Use>
  void for_each_block(const Panel& panel, int64_t begin, int64_t end, const Use& use) const {
    const int64_t per_byte = 8 / attrs_.bits;
    for (int64_t at = begin; at < end;) {
      const int64_t block = at / attrs_.block_size;
      const int64_t steps = std::min((block + 1) * attrs_.block_size, end) - at;
      use(at, {.bits = static_cast<int>(attrs_.bits),
               .steps = steps,
               .width = panel.width,
               .packed = panel.numbers + at / per_byte * panel.width,
               .scales = panel.factors + 2 * block * panel.width,
               .zeros = panel.factors + (2 * block + 1) * panel.width});
      at += steps;
    }
  }

  const GemmKernel& gemm_;
  const WeightBlocks& blocks_;
  const MatMulNBitsAttrs& attrs_;
  PackedBlocks packed_;
  std::shared_ptr<ScratchPool> scratch_;
};

Result<std::unique_ptr<PreparedKernel>> prepare(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<MatMulNBitsAttrs>();
  const Tensor* zeros = query.constant(kZeros);
  THANE_ASSIGN(PackedBlocks packed, query.shared<PackedBlocks>("blocks", [&] {
    return pack(query, attrs, *query.constants[kWeights], *query.constants[kScales], zeros);
  }));
  return std::unique_ptr<PreparedKernel>(new PackedNBits(query, std::move(packed)));
}

}  // namespace

const Kernel kPackedNBits = {"nbits.packed", refuse, prepare};

}  // namespace thane::contrib
