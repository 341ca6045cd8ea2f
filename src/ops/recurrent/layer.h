// The loop over directions and time steps that all recurrent layers share; a Cell makes one step.
#pragma once

#include <vector>

#include "kernels/matmul.h"
#include "ops/recurrent/recurrent.h"
#include "ops/widen.h"

namespace thane {

struct LayerShape {
  int64_t steps, batch, features, hidden, gates;
  int64_t rows() const { return gates * hidden; }  // all gates of one unit of batch
};

// A layer's tensors, 16-bit floats widened. Absent ones have no dtype.
struct LayerInputs {
  Tensor x, w, r, b, h, c, p;
  std::vector<int64_t> lengths;  // per unit of batch
  LayerShape shape;

  // `gates`: how many the op has. Checks the values of sequence_lens.
  static Result<LayerInputs> read(KernelContext& context, const RecurrentAttrs& attrs, int64_t gates);
};

// What a cell knows of its direction. Pointers are to elements of type T, null when absent.
template <class T>
struct Direction {
  const RecurrentAttrs& attrs;
  size_t index;
  LayerShape shape;
  ThreadPool& threads;
  const T* recurrent_bias;    // [gates · hidden]
  const T* peepholes;         // [3 · hidden]
  std::vector<T> recurrence;  // [hidden][gates · hidden], R transposed

  T act(size_t gate, T x) const { return attrs.gate(index, gate)(attrs.clipped(x)); }

  // out[batch][count] = h · columns [first, first + count) of the recurrence.
  void recur(const T* h, int64_t first, int64_t count, T* out) const {
    MatmulProblem problem;
    problem.dtype = kDTypeOf<T>;
    problem.m = shape.batch;
    problem.n = count;
    problem.k = shape.hidden;
    problem.a = h;
    problem.a_row = shape.hidden;
    problem.b = recurrence.data() + first;
    problem.b_row = shape.rows();
    problem.c = out;
    problem.c_row = count;
    matmul(problem, threads);
  }
};

// The states of one direction, [batch][hidden] each. `c` is empty unless the layer has one.
template <class T>
struct LayerState {
  std::vector<T> h, c;
};

namespace layer_detail {

// Where unit `b` of direction `d` stands in a state tensor, and at step `t` in Y and in X.
struct Places {
  const RecurrentAttrs& attrs;
  const LayerShape& shape;
  int64_t directions() const { return static_cast<int64_t>(attrs.directions()); }
  int64_t state(int64_t d, int64_t b) const {
    return (attrs.layout ? b * directions() + d : d * shape.batch + b) * shape.hidden;
  }
  int64_t y(int64_t t, int64_t d, int64_t b) const {
    return attrs.layout ? ((b * shape.steps + t) * directions() + d) * shape.hidden
                        : ((t * directions() + d) * shape.batch + b) * shape.hidden;
  }
  int64_t x(int64_t t, int64_t b) const { return attrs.layout ? b * shape.steps + t : t * shape.batch + b; }
};

// [row of X][gates · hidden] = X · Wᵀ + the bias of the input side.
template <class T>
Result<Tensor> project(const LayerInputs& in, size_t d, ThreadPool& threads) {
  const LayerShape& s = in.shape;
  const auto offset = static_cast<int64_t>(d) * s.rows();
  THANE_ASSIGN(Tensor projected, Tensor::allocate(kDTypeOf<T>, {s.steps, s.batch, s.rows()}));
  MatmulProblem problem;
  problem.dtype = kDTypeOf<T>;
  problem.m = s.steps * s.batch;
  problem.n = s.rows();
  problem.k = s.features;
  problem.a = in.x.data<T>();
  problem.a_row = s.features;
  problem.b = in.w.data<T>() + offset * s.features;
  problem.b_row = 1;
  problem.b_col = s.features;
  problem.c = projected.raw();
  problem.c_row = s.rows();
  if (in.b.defined()) {
    problem.beta = 1;
    problem.bias = in.b.data<T>() + 2 * offset;
    problem.bias_col = 1;
  }
  matmul(problem, threads);
  return projected;
}

template <class T>
Direction<T> direction_of(const LayerInputs& in, const RecurrentAttrs& attrs, size_t d, ThreadPool& threads) {
  const LayerShape& s = in.shape;
  const auto n = static_cast<int64_t>(d);
  Direction<T> direction{attrs,
                         d,
                         s,
                         threads,
                         in.b.defined() ? in.b.data<T>() + (2 * n + 1) * s.rows() : nullptr,
                         in.p.defined() ? in.p.data<T>() + n * 3 * s.hidden : nullptr,
                         std::vector<T>(static_cast<size_t>(s.hidden * s.rows()))};
  const T* r = in.r.data<T>() + n * s.rows() * s.hidden;
  for (int64_t row = 0; row < s.rows(); ++row) {
    for (int64_t k = 0; k < s.hidden; ++k) direction.recurrence[static_cast<size_t>(k * s.rows() + row)] = *r++;
  }
  return direction;
}

template <class T>
std::vector<T> first_state(const Tensor& initial, const Places& places, int64_t d) {
  const LayerShape& s = places.shape;
  std::vector<T> state(static_cast<size_t>(s.batch * s.hidden), T(0));
  if (!initial.defined()) return state;
  for (int64_t b = 0; b < s.batch; ++b) {
    std::copy_n(initial.data<T>() + places.state(d, b), s.hidden, state.begin() + b * s.hidden);
  }
  return state;
}

template <class T>
void store_state(const std::vector<T>& state, const Places& places, int64_t d, Tensor* out) {
  if (!out) return;
  for (int64_t b = 0; b < places.shape.batch; ++b) {
    std::copy_n(state.begin() + b * places.shape.hidden, places.shape.hidden, out->data<T>() + places.state(d, b));
  }
}

}  // namespace layer_detail

// Cell<T>(const Direction<T>&) with step(rows, state): rows[b] is what X contributes to all gates of unit b, null when
// its sequence is over and its state stays. Outputs may be null.
template <class T, class Cell>
Status run_layer(const RecurrentAttrs& attrs, const LayerInputs& in, Tensor* y, Tensor* y_h, Tensor* y_c,
                 ThreadPool& threads) {
  const LayerShape& s = in.shape;
  const layer_detail::Places places{attrs, s};
  // Steps beyond the end of a sequence give zeros.
  if (y) std::fill_n(y->data<T>(), y->size(), T(0));
  for (int64_t d = 0; d < places.directions(); ++d) {
    THANE_ASSIGN(const Tensor projected, layer_detail::project<T>(in, static_cast<size_t>(d), threads));
    const Direction<T> direction = layer_detail::direction_of<T>(in, attrs, static_cast<size_t>(d), threads);
    LayerState<T> state{layer_detail::first_state<T>(in.h, places, d), {}};
    if constexpr (Cell::kHasC) state.c = layer_detail::first_state<T>(in.c, places, d);
    Cell cell(direction);
    std::vector<const T*> rows(static_cast<size_t>(s.batch));
    const auto time = [&](int64_t step, int64_t b) {
      return attrs.reverse(static_cast<size_t>(d)) ? in.lengths[static_cast<size_t>(b)] - 1 - step : step;
    };
    for (int64_t step = 0; step < s.steps; ++step) {
      for (int64_t b = 0; b < s.batch; ++b) {
        const bool runs = step < in.lengths[static_cast<size_t>(b)];
        rows[static_cast<size_t>(b)] = runs ? projected.data<T>() + places.x(time(step, b), b) * s.rows() : nullptr;
      }
      cell.step(rows, state);
      for (int64_t b = 0; y && b < s.batch; ++b) {
        if (!rows[static_cast<size_t>(b)]) continue;
        std::copy_n(state.h.begin() + b * s.hidden, s.hidden, y->data<T>() + places.y(time(step, b), d, b));
      }
    }
    layer_detail::store_state(state.h, places, d, y_h);
    layer_detail::store_state(state.c, places, d, y_c);
  }
  return ok();
}

// Reads the inputs, runs the layer in float or double, writes the outputs.
template <template <class> class Cell>
Status eval_layer(KernelContext& context, const RecurrentAttrs& attrs, int64_t gates) {
  THANE_ASSIGN(const LayerInputs in, LayerInputs::read(context, attrs, gates));
  std::vector<WideOutput> wide;
  wide.reserve(3);
  Tensor* outputs[3] = {};
  for (size_t i = 0; i < context.num_outputs(); ++i) {
    if (!context.wants_output(i)) continue;
    THANE_ASSIGN(WideOutput output, WideOutput::make(context.output(i), in.x.dtype()));
    wide.push_back(std::move(output));
    outputs[i] = &wide.back().tensor();
  }
  Status status;
  dispatch<float, double>(in.x.dtype(), [&]<class T>() {
    status = run_layer<T, Cell<T>>(attrs, in, outputs[0], outputs[1], outputs[2], context.threads());
  });
  THANE_TRY(std::move(status));
  for (WideOutput& output : wide) output.finish(context.threads());
  return ok();
}

}  // namespace thane
