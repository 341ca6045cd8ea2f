// RNN: H = f(X·Wᵀ + H·Rᵀ + Wb + Rb).
#include "ops/recurrent/layer.h"

namespace thane {
namespace {

template <class T>
class RnnCell {
 public:
  static constexpr bool kHasC = false;
  explicit RnnCell(const Direction<T>& direction)
      : direction_(direction), sums_(static_cast<size_t>(direction.shape.batch * direction.shape.rows())) {}

  void step(const std::vector<const T*>& rows, LayerState<T>& state) {
    const auto hidden = static_cast<size_t>(direction_.shape.hidden);
    direction_.recur(state.h.data(), 0, direction_.shape.rows(), sums_.data());
    for (size_t b = 0; b < rows.size(); ++b) {
      if (!rows[b]) continue;
      const T* sums = sums_.data() + b * hidden;
      for (size_t j = 0; j < hidden; ++j) {
        const T bias = direction_.recurrent_bias ? direction_.recurrent_bias[j] : T(0);
        state.h[b * hidden + j] = direction_.act(0, rows[b][j] + sums[j] + bias);
      }
    }
  }

 private:
  const Direction<T>& direction_;
  std::vector<T> sums_;
};

}  // namespace

Status eval_rnn(KernelContext& context) { return eval_layer<RnnCell>(context, context.attrs<RnnAttrs>(), 1); }

}  // namespace thane
