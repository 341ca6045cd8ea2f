// LSTM and GRU with constant weights and the usual functions: X · Wᵀ for all steps in one product; then, step by step,
// blocks of units, each with the recurrent weights of all its gates side by side and the cells right after the product.
#include <algorithm>

#include "ir/context.h"
#include "kernels/gemm/tiling.h"
#include "kernels/recurrent/cell.h"
#include "ops/packed_matrix.h"
#include "ops/recurrent/kernels.h"
#include "ops/recurrent/recurrent.h"

namespace thane {
namespace {

bool usual(const RecurrentAttrs& attrs, std::initializer_list<GateKind> kinds) {
  size_t i = 0;
  for (const GateActivation& gate : attrs.gates) {
    if (gate.kind != *(kinds.begin() + i++ % kinds.size())) return false;
  }
  return !attrs.clip;
}

std::string refuse_common(const KernelQuery& query, std::initializer_list<GateKind> kinds) {
  if (query.inputs[0]->dtype != DType::kFloat32) return "dtype is not float32";
  if (!usual(query.node.attrs_as<RecurrentAttrs>(), kinds)) return "unusual activations, or a clip";
  if (!query.constants[1] || !query.constants[2]) return "the weights are not constant";
  if (query.has_input(3) && !query.constant(3)) return "the biases are not constant";
  if (query.has_input(4)) return "sequences differ in length";
  if (query.has_input(7)) return "peepholes";
  return {};
}

std::string refuse_lstm(const KernelQuery& query) {
  if (query.node.attrs_as<LstmAttrs>().input_forget) return "input and forget gates are coupled";
  return refuse_common(query, {GateKind::kSigmoid, GateKind::kTanh, GateKind::kTanh});
}

std::string refuse_gru(const KernelQuery& query) {
  if (!query.node.attrs_as<GruAttrs>().linear_before_reset) return "the reset gate is applied before the product";
  return refuse_common(query, {GateKind::kSigmoid, GateKind::kTanh});
}

// Recurrent weights by blocks of units: [block][gate][words of hidden][width], where width is that of a panel.
struct RecurrentPanels {
  const GemmKernel* kernel = nullptr;
  int64_t hidden = 0, gates = 0;
  Tensor panels;
  std::vector<float> bias;  // [block][gate][kernel columns]

  static Result<RecurrentPanels> pack(const KernelQuery& query, const GemmKernel& kernel, int64_t gates, int64_t hidden,
                                      const float* r) {
    RecurrentPanels packed{&kernel, hidden, gates, {}, {}};
    THANE_ASSIGN(packed.panels,
                 query.allocate(DType::kFloat32, {gates * kernel.words_of(hidden) * kernel.packed_columns(hidden)}));
    for (int64_t block = 0; block < packed.blocks(); ++block) {
      for (int64_t g = 0; g < gates; ++g) {
        pack_b(kernel, hidden, packed.units(block), r + (g * hidden + packed.first(block)) * hidden, 1, hidden, 1.0f,
               packed.panels.data<float>() + packed.panel_at(block, g));
      }
    }
    packed.bias.assign(static_cast<size_t>(packed.blocks() * packed.sums()), 0.0f);
    return packed;
  }
  void set_bias(const float* from) {
    for (int64_t block = 0; block < blocks(); ++block) {
      for (int64_t g = 0; g < gates; ++g) {
        std::copy_n(from + g * hidden + first(block), units(block),
                    bias.begin() + block * sums() + g * kernel->columns);
      }
    }
  }

  int64_t blocks() const { return (hidden + kernel->columns - 1) / kernel->columns; }
  int64_t first(int64_t block) const { return block * kernel->columns; }
  int64_t units(int64_t block) const { return std::min<int64_t>(kernel->columns, hidden - first(block)); }
  int64_t sums() const { return gates * kernel->columns; }  // floats of a block, per row of the batch
  int64_t panel_at(int64_t block, int64_t gate) const {
    return kernel->words_of(hidden) * (first(block) * gates + gate * kernel->panel_width(units(block)));
  }

  // out[rows][gate][kernel columns] = h[rows][hidden] · the block's weights + their bias.
  void multiply(int64_t block, int64_t rows, const float* h, float* out) const {
    GemmPanel panel{.m = rows,
                    .n = units(block),
                    .k = hidden,
                    .a = h,
                    .lda = hidden,
                    .b = panels.data<float>() + panel_at(block, 0),
                    .c = out,
                    .ldc = sums()};
    panel.epilogue.column_bias = bias.data() + block * sums();
    if (rows == 1 && panel.n == kernel->columns) {  // all gates at once
      panel.n = sums();
      return kernel->panel(panel);
    }
    const GemmTiling tiling(*kernel, rows, panel.n, hidden);
    for (int64_t g = 0; g < gates; ++g) {
      tiling.run(panel, 0, tiling.jobs());
      panel.b = panels.data<float>() + panel_at(block, g + 1);
      panel.c += kernel->columns;
      panel.epilogue.column_bias += kernel->columns;
    }
  }
};

struct PackedDirection {
  PackedMatrix w;
  std::vector<float> x_bias;  // [gates · hidden]
  RecurrentPanels r;
};

class PackedLayer : public PreparedKernel {
 public:
  PackedLayer(std::shared_ptr<ScratchPool> scratch, const CellKernels& cells, const RecurrentAttrs& attrs,
              const Dims& x, int64_t hidden, int64_t gates, std::vector<PackedDirection> directions)
      : cell_(gates == 4 ? cells.lstm : cells.gru),
        reverse_first_(attrs.reverse(0)),
        batch_first_(attrs.layout != 0),
        steps_(x[batch_first_ ? 1 : 0]),
        batch_(x[batch_first_ ? 0 : 1]),
        hidden_(hidden),
        gates_(gates),
        directions_(std::move(directions)),
        sums_floats_(directions_[0].r.blocks() * directions_[0].r.sums() * batch_),
        scratch_(std::move(scratch)) {}

  // Weights are packed, biases added up.
  bool reads(size_t input) const override { return input == 0 || input > 3; }
  Status run(KernelContext& context) const override {
    if (batch_ == 0) return ok();
    THANE_ASSIGN(const auto lease,
                 scratch_->take(steps_ * batch_ * gates_ * hidden_ + sums_floats_ + 3 * batch_ * hidden_));
    for (size_t d = 0; d < directions_.size(); ++d) {
      THANE_TRY(run_direction(context, static_cast<int64_t>(d), lease.data()));
    }
    return ok();
  }

 private:
  // All memory of a direction at work.
  struct Work {
    const RecurrentPanels& r;
    const float* projected;  // [steps][batch] as X has them, [gates · hidden]
    float* sums;             // [block][batch][gate][columns]
    float *h, *next_h, *c;   // [batch][hidden]
    float* y;                // null: not wanted
  };

  int64_t count() const { return static_cast<int64_t>(directions_.size()); }
  int64_t state_at(int64_t d, int64_t b) const { return (batch_first_ ? b * count() + d : d * batch_ + b) * hidden_; }
  int64_t x_at(int64_t t, int64_t b) const { return batch_first_ ? b * steps_ + t : t * batch_ + b; }
  int64_t y_at(int64_t t, int64_t d, int64_t b) const {
    return (batch_first_ ? (b * steps_ + t) * count() + d : (t * count() + d) * batch_ + b) * hidden_;
  }

  void load_state(KernelContext& context, size_t input, int64_t d, float* state) const {
    if (!context.has_input(input)) return std::fill_n(state, batch_ * hidden_, 0.0f), void();
    for (int64_t b = 0; b < batch_; ++b) {
      std::copy_n(context.input(input).data<float>() + state_at(d, b), hidden_, state + b * hidden_);
    }
  }
  void store_state(KernelContext& context, size_t output, int64_t d, const float* state) const {
    if (!context.wants_output(output)) return;
    for (int64_t b = 0; b < batch_; ++b) {
      std::copy_n(state + b * hidden_, hidden_, context.output(output).data<float>() + state_at(d, b));
    }
  }

  Status run_direction(KernelContext& context, int64_t d, float* scratch) const {
    const PackedDirection& direction = directions_[static_cast<size_t>(d)];
    float* projected = scratch;
    float* sums = projected + steps_ * batch_ * gates_ * hidden_;
    float* h = sums + sums_floats_;
    Work work{direction.r, projected, sums, h, h + batch_ * hidden_, h + 2 * batch_ * hidden_, nullptr};
    THANE_TRY(multiply(direction.w, steps_ * batch_, context.input(0).data<float>(), projected,
                       {direction.x_bias.data()}, {}, context.threads()));
    load_state(context, 5, d, work.h);
    if (gates_ == 4) load_state(context, 6, d, work.c);
    if (context.wants_output(0)) work.y = context.output(0).data<float>();
    const bool backward = reverse_first_ || d == 1;
    const int64_t blocks = work.r.blocks();
    const int64_t grain = 250000 / std::max<int64_t>(2 * batch_ * hidden_ * work.r.sums(), 1) + 1;
    for (int64_t step = 0; step < steps_; ++step) {
      const int64_t t = backward ? steps_ - 1 - step : step;
      context.threads().parallel_for(blocks, grain, [&](int64_t begin, int64_t end) {
        // There and back: weights that do not fit the second-level cache are met there by half.
        for (int64_t i = begin; i < end; ++i) run_block(work, step % 2 ? begin + end - 1 - i : i, t, d);
      });
      std::swap(work.h, work.next_h);
    }
    store_state(context, 1, d, work.h);
    if (gates_ == 4) store_state(context, 2, d, work.c);
    return ok();
  }

  void run_block(const Work& work, int64_t block, int64_t t, int64_t d) const {
    const RecurrentPanels& r = work.r;
    const int64_t first = r.first(block), count = r.units(block);
    float* sums = work.sums + block * batch_ * r.sums();
    r.multiply(block, batch_, work.h, sums);
    for (int64_t b = 0; b < batch_; ++b) {
      const int64_t at = b * hidden_ + first;
      cell_({.count = count,
             .x = work.projected + x_at(t, b) * gates_ * hidden_ + first,
             .x_gate = hidden_,
             .sums = sums + b * r.sums(),
             .sums_gate = r.kernel->columns,
             .h = work.h + at,
             .c = work.c + at,
             .next_h = work.next_h + at});
      if (work.y) std::copy_n(work.next_h + at, count, work.y + y_at(t, d, b) + first);
    }
  }

  void (*cell_)(const CellUnits& units) noexcept;
  bool reverse_first_, batch_first_;
  int64_t steps_, batch_, hidden_, gates_;
  std::vector<PackedDirection> directions_;
  int64_t sums_floats_;
  std::shared_ptr<ScratchPool> scratch_;
};

template <int64_t kGates>
Result<std::unique_ptr<PreparedKernel>> prepare_packed(const KernelQuery& query) {
  const Tensor &w = *query.constants[1], &r = *query.constants[2];
  const Tensor* b = query.constant(3);
  const int64_t features = w.dim(2), hidden = r.dim(2), rows = kGates * hidden;
  using Directions = std::vector<PackedDirection>;
  const auto pack = [&]() -> Result<Directions> {
    const GemmKernel& kernel = gemm_for_weights(query);
    Directions directions;
    for (int64_t d = 0; d < w.dim(0); ++d) {
      PackedDirection& direction = directions.emplace_back();
      THANE_ASSIGN(direction.w,
                   pack_matrix(query, kernel, features, rows, w.data<float>() + d * rows * features, 1, features));
      THANE_ASSIGN(direction.r,
                   RecurrentPanels::pack(query, kernel, kGates, hidden, r.data<float>() + d * rows * hidden));
      direction.x_bias.assign(static_cast<size_t>(rows), 0.0f);
      if (!b) continue;
      std::copy_n(b->data<float>() + 2 * d * rows, rows, direction.x_bias.begin());
      direction.r.set_bias(b->data<float>() + (2 * d + 1) * rows);
    }
    return directions;
  };
  THANE_ASSIGN(Directions directions, query.shared<Directions>("directions", pack));
  return std::unique_ptr<PreparedKernel>(
      new PackedLayer(query.scratch(), cell_kernels(query.isa), query.node.attrs_as<RecurrentAttrs>(),
                      to_numbers(*query.inputs[0]->dims), hidden, kGates, std::move(directions)));
}

}  // namespace

const Kernel kPackedLstm = {"recurrent.packed", refuse_lstm, prepare_packed<4>, input_bit(1) | input_bit(2)};
const Kernel kPackedGru = {"recurrent.packed", refuse_gru, prepare_packed<3>, input_bit(1) | input_bit(2)};

}  // namespace thane
