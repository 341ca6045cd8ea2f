#include "ops/training/training.h"

#include <cmath>

#include "base/format.h"

namespace thane {
namespace {

constexpr size_t kFirst = 2;  // after R and T

// `states` kinds of state follow tensors and gradients; everything of one tensor has its shape and dtype.
Status infer_step(InferContext& context, size_t states) {
  const size_t kinds = 2 + states;
  const size_t given = context.num_inputs() - kFirst;
  if (given == 0 || given % kinds != 0) {
    return invalid_model(format("{} inputs after R and T", given)).expecting(format("a multiple of {}", kinds));
  }
  const size_t n = given / kinds;
  if (context.num_outputs() != n * (1 + states)) {
    return invalid_model(format("{} outputs for {} tensors", context.num_outputs(), n))
        .expecting(format("{}", n * (1 + states)));
  }
  for (size_t i = 0; i < n; ++i) {
    const Type& tensor = context.type(kFirst + i);
    for (size_t kind = 1; kind < kinds; ++kind) {
      const Type& other = context.type(kFirst + kind * n + i);
      if (!tensor.has_concrete_dims() || !other.has_concrete_dims()) continue;
      if (tensor.dtype != other.dtype || to_numbers(*tensor.dims) != to_numbers(*other.dims)) {
        return invalid_model(
            format("tensor {} is {}, its gradient or state {}", i, tensor.to_string(), other.to_string()));
      }
    }
    for (size_t kind = 0; kind <= states; ++kind) context.set_type(kind * n + i, tensor);
  }
  for (size_t i = 0; i < kFirst; ++i) {
    if (const SymDims* dims = context.dims(i); dims && count_of(*dims).is_number() && !count_of(*dims).is_number(1)) {
      return invalid_model(
                 format("input '{}' is {}", context.node().op->input_param(i)->name, context.type(i).to_string()))
          .expecting("a scalar");
    }
  }
  return ok();
}

// Calls rule(x, g, s) with one element of each tensor, its gradient and its states (changed in place); the result is
// the new element.
template <size_t kStates, class Rule>
Status eval_step(KernelContext& context, const Rule& rule) {
  const size_t n = (context.num_inputs() - kFirst) / (2 + kStates);
  for (size_t i = 0; i < n; ++i) {
    dispatch<float, double>(context.input(kFirst + i).dtype(), [&]<class T>() {
      const T* x = context.input(kFirst + i).data<T>();
      const T* g = context.input(kFirst + n + i).data<T>();
      for (int64_t k = 0; k < context.input(kFirst + i).size(); ++k) {
        double states[kStates];
        for (size_t s = 0; s < kStates; ++s) {
          states[s] = static_cast<double>(context.input(kFirst + (2 + s) * n + i).data<T>()[k]);
        }
        const double moved = rule(static_cast<double>(x[k]), static_cast<double>(g[k]), states);
        context.output(i).data<T>()[k] = static_cast<T>(moved);
        for (size_t s = 0; s < kStates; ++s) context.output((1 + s) * n + i).data<T>()[k] = static_cast<T>(states[s]);
      }
    });
  }
  return ok();
}

}  // namespace

Status MomentumAttrs::prepare() const {
  if (mode == "standard" || mode == "nesterov") return ok();
  return invalid_model(format("mode is \"{}\"", mode.substr(0, 60))).expecting("standard|nesterov");
}

Status infer_adagrad(InferContext& context) { return infer_step(context, 1); }
Status infer_adam(InferContext& context) { return infer_step(context, 2); }
Status infer_momentum(InferContext& context) { return infer_step(context, 1); }

Status eval_adagrad(KernelContext& context) {
  const auto& attrs = context.attrs<AdagradAttrs>();
  const double step = context.input(1).as_double(0);
  const double rate = context.input(0).as_double(0) / (1 + step * attrs.decay_factor);
  return eval_step<1>(context, [&](double x, double g, double* squares) {
    const double regularized = attrs.norm_coefficient * x + g;
    squares[0] += regularized * regularized;
    return x - rate * regularized / (std::sqrt(squares[0]) + attrs.epsilon);
  });
}

Status eval_adam(KernelContext& context) {
  const auto& attrs = context.attrs<AdamAttrs>();
  const double alpha = attrs.alpha, beta = attrs.beta;
  const double step = context.input(1).as_double(0);
  double rate = context.input(0).as_double(0);
  if (step > 0) rate *= std::sqrt(1 - std::pow(beta, step)) / (1 - std::pow(alpha, step));
  return eval_step<2>(context, [&](double x, double g, double* moments) {
    const double regularized = attrs.norm_coefficient * x + g;
    moments[0] = alpha * moments[0] + (1 - alpha) * regularized;
    moments[1] = beta * moments[1] + (1 - beta) * regularized * regularized;
    const double moved = x - rate * moments[0] / (std::sqrt(moments[1]) + attrs.epsilon);
    return (1 - attrs.norm_coefficient_post) * moved;
  });
}

Status eval_momentum(KernelContext& context) {
  const auto& attrs = context.attrs<MomentumAttrs>();
  const double rate = context.input(0).as_double(0);
  const double beta = context.input(1).as_double(0) > 0 ? attrs.beta : 1;  // the first gradient counts in full
  const bool nesterov = attrs.mode == "nesterov";
  return eval_step<1>(context, [&](double x, double g, double* velocity) {
    const double regularized = attrs.norm_coefficient * x + g;
    velocity[0] = attrs.alpha * velocity[0] + beta * regularized;
    return x - rate * (nesterov ? regularized + attrs.alpha * velocity[0] : velocity[0]);
  });
}

}  // namespace thane
