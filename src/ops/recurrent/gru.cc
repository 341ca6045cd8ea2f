// GRU, gates in the order z (update), r (reset), h (hidden):
//   z = f(X·Wzᵀ + H·Rzᵀ + Wbz + Rbz), r likewise
//   h = g(X·Whᵀ + (r ⊙ H)·Rhᵀ + Rbh + Wbh), or with linear_before_reset g(X·Whᵀ + r ⊙ (H·Rhᵀ + Rbh) + Wbh)
//   H = (1 - z) ⊙ h + z ⊙ H
// Cho et al., Learning phrase representations using RNN encoder-decoder (2014).
#include "ops/recurrent/layer.h"

namespace thane {
namespace {

template <class T>
class GruCell {
 public:
  static constexpr bool kHasC = false;
  explicit GruCell(const Direction<T>& direction)
      : direction_(direction),
        hidden_(static_cast<size_t>(direction.shape.hidden)),
        linear_(static_cast<const GruAttrs&>(direction.attrs).linear_before_reset) {
    const auto batch = static_cast<size_t>(direction.shape.batch);
    update_reset_.resize(batch * 2 * hidden_);
    candidate_.resize(batch * hidden_);
    reset_state_.resize(batch * hidden_);
  }

  void step(const std::vector<const T*>& rows, LayerState<T>& state) {
    const int64_t n = direction_.shape.hidden;
    direction_.recur(state.h.data(), 0, 2 * n, update_reset_.data());
    for (size_t b = 0; b < rows.size(); ++b) {
      if (rows[b]) open_gates(b, rows[b], state.h.data() + b * hidden_);
    }
    direction_.recur(linear_ ? state.h.data() : reset_state_.data(), 2 * n, n, candidate_.data());
    for (size_t b = 0; b < rows.size(); ++b) {
      if (rows[b]) update(b, rows[b] + 2 * hidden_, state.h.data() + b * hidden_);
    }
  }

 private:
  T bias(size_t i) const { return direction_.recurrent_bias ? direction_.recurrent_bias[i] : T(0); }

  // z and r, in place of their sums; and r ⊙ H.
  void open_gates(size_t b, const T* row, const T* h) {
    T* gates = update_reset_.data() + b * 2 * hidden_;
    for (size_t j = 0; j < 2 * hidden_; ++j) gates[j] = direction_.act(0, row[j] + gates[j] + bias(j));
    for (size_t j = 0; j < hidden_; ++j) reset_state_[b * hidden_ + j] = gates[hidden_ + j] * h[j];
  }

  void update(size_t b, const T* row, T* h) {
    const T* z = update_reset_.data() + b * 2 * hidden_;
    const T* r = z + hidden_;
    for (size_t j = 0; j < hidden_; ++j) {
      const T sum = candidate_[b * hidden_ + j] + bias(2 * hidden_ + j);
      const T candidate = direction_.act(1, row[j] + (linear_ ? r[j] * sum : sum));
      h[j] = (1 - z[j]) * candidate + z[j] * h[j];
    }
  }

  const Direction<T>& direction_;
  size_t hidden_;
  bool linear_;
  std::vector<T> update_reset_, candidate_, reset_state_;
};

}  // namespace

Status eval_gru(KernelContext& context) { return eval_layer<GruCell>(context, context.attrs<GruAttrs>(), 3); }

}  // namespace thane
