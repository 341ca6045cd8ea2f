// LSTM, gates in the order i (input), o (output), f (forget), c (cell); peepholes in the order i, o, f:
//   i = f(X·Wiᵀ + H·Riᵀ + Pi ⊙ C + Wbi + Rbi), the forget gate f likewise with Pf, c = g(X·Wcᵀ + H·Rcᵀ + Wbc + Rbc)
//   C = f ⊙ C + i ⊙ c, o = f(X·Woᵀ + H·Roᵀ + Po ⊙ C + Wbo + Rbo), H = o ⊙ h(C)
// Hochreiter, Schmidhuber (1997); peepholes: Gers, Schraudolph, Schmidhuber (2002).
#include "ops/recurrent/layer.h"

namespace thane {
namespace {

template <class T>
class LstmCell {
 public:
  static constexpr bool kHasC = true;
  explicit LstmCell(const Direction<T>& direction)
      : direction_(direction),
        hidden_(static_cast<size_t>(direction.shape.hidden)),
        coupled_(static_cast<const LstmAttrs&>(direction.attrs).input_forget),
        sums_(static_cast<size_t>(direction.shape.batch * direction.shape.rows())) {}

  void step(const std::vector<const T*>& rows, LayerState<T>& state) {
    direction_.recur(state.h.data(), 0, direction_.shape.rows(), sums_.data());
    for (size_t b = 0; b < rows.size(); ++b) {
      if (rows[b])
        update(rows[b], sums_.data() + b * 4 * hidden_, state.h.data() + b * hidden_, state.c.data() + b * hidden_);
    }
  }

 private:
  enum Gate : size_t { kInput, kOutput, kForget, kCell };

  void update(const T* row, const T* sums, T* h, T* c) const {
    for (size_t j = 0; j < hidden_; ++j) {
      const auto sum = [&](Gate gate, T state) {
        const size_t at = gate * hidden_ + j;
        T total = row[at] + sums[at];
        if (direction_.recurrent_bias) total += direction_.recurrent_bias[at];
        if (direction_.peepholes && gate != kCell) total += direction_.peepholes[at] * state;
        return total;
      };
      const T input = direction_.act(0, sum(kInput, c[j]));
      const T forget = coupled_ ? 1 - input : direction_.act(0, sum(kForget, c[j]));
      c[j] = forget * c[j] + input * direction_.act(1, sum(kCell, c[j]));
      h[j] = direction_.act(0, sum(kOutput, c[j])) * direction_.act(2, c[j]);
    }
  }

  const Direction<T>& direction_;
  size_t hidden_;
  bool coupled_;
  std::vector<T> sums_;
};

}  // namespace

Status eval_lstm(KernelContext& context) { return eval_layer<LstmCell>(context, context.attrs<LstmAttrs>(), 4); }

}  // namespace thane
