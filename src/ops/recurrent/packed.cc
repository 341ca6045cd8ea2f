// LSTM and GRU with constant weights and the usual functions: X · Wᵀ for all steps in one product, then one product
// with the packed recurrent weights and one pass over the gates per step.
#include <algorithm>

#include "ir/context.h"
#include "kernels/recurrent/cell.h"
#include "ops/packed_matrix.h"
#include "ops/recurrent/kernels.h"
#include "ops/recurrent/recurrent.h"
#include "ops/scratch.h"

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
  const auto given = [&](size_t i) { return i < query.inputs.size() && query.inputs[i]; };
  if (given(3) && !query.constants[3]) return "the biases are not constant";
  if (given(4)) return "sequences differ in length";
  if (given(7)) return "peepholes";
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

struct PackedDirection {
  PackedMatrix w, r;
  std::vector<float> x_bias, h_bias;  // [gates · hidden]
};

class PackedLayer : public PreparedKernel {
 public:
  PackedLayer(const CellKernels& cells, const RecurrentAttrs& attrs, const Dims& x, int64_t hidden, int64_t gates,
              std::vector<PackedDirection> directions)
      : cells_(cells),
        reverse_first_(attrs.reverse(0)),
        batch_first_(attrs.layout != 0),
        steps_(x[batch_first_ ? 1 : 0]),
        batch_(x[batch_first_ ? 0 : 1]),
        hidden_(hidden),
        rows_(gates * hidden),
        directions_(std::move(directions)),
        scratch_(steps_ * batch_ * rows_ + batch_ * (rows_ + 2 * hidden)) {}

  Status run(KernelContext& context) const override {
    if (batch_ == 0) return ok();
    THANE_ASSIGN(const auto lease, scratch_.take());
    for (size_t d = 0; d < directions_.size(); ++d) run_direction(context, static_cast<int64_t>(d), lease.data());
    return ok();
  }

 private:
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

  void run_direction(KernelContext& context, int64_t d, float* scratch) const {
    const PackedDirection& direction = directions_[static_cast<size_t>(d)];
    float* projected = scratch;
    float* sums = projected + steps_ * batch_ * rows_;
    float* h = sums + batch_ * rows_;
    float* c = h + batch_ * hidden_;
    multiply(direction.w, steps_ * batch_, context.input(0).data<float>(), projected, direction.x_bias.data(), {},
             context.threads());
    const bool lstm = rows_ == 4 * hidden_;
    load_state(context, 5, d, h);
    if (lstm) load_state(context, 6, d, c);
    float* y = context.wants_output(0) ? context.output(0).data<float>() : nullptr;
    const bool backward = reverse_first_ || d == 1;
    for (int64_t step = 0; step < steps_; ++step) {
      const int64_t t = backward ? steps_ - 1 - step : step;
      multiply(direction.r, batch_, h, sums, direction.h_bias.data(), {}, context.threads());
      for (int64_t b = 0; b < batch_; ++b) {
        const float* x = projected + x_at(t, b) * rows_;
        float* state = h + b * hidden_;
        if (lstm)
          cells_.lstm(hidden_, x, sums + b * rows_, c + b * hidden_, state);
        else
          cells_.gru(hidden_, x, sums + b * rows_, state);
        if (y) std::copy_n(state, hidden_, y + y_at(t, d, b));
      }
    }
    store_state(context, 1, d, h);
    if (lstm) store_state(context, 2, d, c);
  }

  const CellKernels& cells_;
  bool reverse_first_, batch_first_;
  int64_t steps_, batch_, hidden_, rows_;
  std::vector<PackedDirection> directions_;
  mutable ScratchPool scratch_;
};

template <int64_t kGates>
Result<std::unique_ptr<PreparedKernel>> prepare_packed(const KernelQuery& query) {
  const Tensor &w = *query.constants[1], &r = *query.constants[2];
  const Tensor* b = query.inputs.size() > 3 ? query.constants[3] : nullptr;
  const int64_t features = w.dim(2), hidden = r.dim(2), rows = kGates * hidden;
  const GemmKernel& kernel = gemm_kernel(query.isa);
  std::vector<PackedDirection> directions;
  for (int64_t d = 0; d < w.dim(0); ++d) {
    PackedDirection& direction = directions.emplace_back();
    THANE_ASSIGN(direction.w, pack_matrix(kernel, features, rows, w.data<float>() + d * rows * features, 1, features));
    THANE_ASSIGN(direction.r, pack_matrix(kernel, hidden, rows, r.data<float>() + d * rows * hidden, 1, hidden));
    direction.x_bias.assign(static_cast<size_t>(rows), 0.0f);
    direction.h_bias.assign(static_cast<size_t>(rows), 0.0f);
    if (!b) continue;
    std::copy_n(b->data<float>() + 2 * d * rows, rows, direction.x_bias.begin());
    std::copy_n(b->data<float>() + (2 * d + 1) * rows, rows, direction.h_bias.begin());
  }
  return std::unique_ptr<PreparedKernel>(new PackedLayer(cell_kernels(query.isa), query.node.attrs_as<RecurrentAttrs>(),
                                                         to_numbers(*query.inputs[0]->dims), hidden, kGates,
                                                         std::move(directions)));
}

}  // namespace

const Kernel kPackedLstm = {"recurrent.packed", refuse_lstm, prepare_packed<4>};
const Kernel kPackedGru = {"recurrent.packed", refuse_gru, prepare_packed<3>};

}  // namespace thane
