#include <cmath>
#include <cstring>

#include "base/format.h"
#include "ops/attention/attention.h"
#include "ops/widen.h"

namespace thane {
namespace {

enum Input : size_t { kQuery, kKey, kValue, kPastState, kDecay, kBeta };

bool gates(LinearAttentionRule rule) {
  return rule == LinearAttentionRule::kGated || rule == LinearAttentionRule::kGatedDelta;
}
bool corrects(LinearAttentionRule rule) {
  return rule == LinearAttentionRule::kDelta || rule == LinearAttentionRule::kGatedDelta;
}

// The optional input a rule needs is there, and one it does not know is not.
Status check_presence(const InferContext& context, Input input, bool needed) {
  if (context.has_input(input) == needed) return ok();
  const auto rule = context.attrs<LinearAttentionAttrs>().update_rule;
  return invalid_model(format("update_rule \"{}\" {} input '{}'", kLinearAttentionRules[static_cast<size_t>(rule)],
                              needed ? "without" : "with", context.node().op->input_param(input)->name));
}

// A gate [batch, length, width] whose width is one of two.
Status check_gate(const InferContext& context, Input input, const std::array<Dim, 4>& key, const Dim& one,
                  const Dim& other) {
  if (!context.has_input(input) || !context.dims(input)) return ok();
  const SymDims& dims = *context.dims(input);
  const std::string_view name = context.node().op->input_param(input)->name;
  bool fits = dims.size() == 3;
  if (fits && dims[2].is_number() && one.is_number() && other.is_number()) fits = dims[2] == one || dims[2] == other;
  if (!fits) {
    return invalid_model(format("{} has the shape {}", name, to_string(dims)))
        .expecting(format("[batch, length, {} or {}]", one.to_string(), other.to_string()));
  }
  THANE_TRY(check_same(dims[0], key[0], format("the batch of key and {}", name)));
  return check_same(dims[1], key[2], format("the length of key and {}", name));
}

Status check_state(const InferContext& context, const SymDims& expected) {
  if (!context.has_input(kPastState) || !context.dims(kPastState)) return ok();
  const SymDims& dims = *context.dims(kPastState);
  bool fits = dims.size() == expected.size();
  for (size_t i = 0; fits && i < dims.size(); ++i) {
    fits = !dims[i].is_number() || !expected[i].is_number() || dims[i] == expected[i];
  }
  if (fits) return ok();
  return invalid_model(format("past_state has the shape {}", to_string(dims))).expecting(to_string(expected));
}

// One gate's numbers: `per_head` of them for each head, or one for all heads.
struct Gate {
  const float* values = nullptr;
  int64_t width = 0, per_head = 0;

  Gate() = default;
  Gate(const Tensor& tensor, int64_t heads) : values(tensor.data<float>()), width(tensor.dim(2)) {
    per_head = width / std::max<int64_t>(heads, 1);
  }
  const float* at(int64_t row, int64_t head) const { return values + row * width + head * per_head; }
};

struct Recurrence {
  LinearAttentionRule rule;
  Heads q, k, v, y;
  Gate decay, beta;
  const float *queries, *keys, *values;
  float *states, *out;
  float scale;

  // All steps of one head of key and value in one sample.
  void run(int64_t batch, int64_t head, float* update) const {
    float* state = states + (batch * k.heads + head) * k.size * v.size;
    for (int64_t t = 0; t < k.length; ++t) {
      const float* key = keys + batch * k.batch_stride + t * k.row_stride + head * k.head_stride;
      const float* value = values + batch * v.batch_stride + t * v.row_stride + head * v.head_stride;
      const int64_t row = batch * k.length + t;
      if (gates(rule)) fade(state, decay.at(row, head));
      std::copy_n(value, v.size, update);
      if (corrects(rule)) correct(state, key, *beta.at(row, head), update);
      for (int64_t d = 0; d < k.size; ++d) {
        for (int64_t m = 0; m < v.size; ++m) state[d * v.size + m] += key[d] * update[m];
      }
      const int64_t group = q.heads / k.heads;
      for (int64_t h = head * group; h < (head + 1) * group; ++h) {
        answer(state, queries + batch * q.batch_stride + t * q.row_stride + h * q.head_stride,
               out + batch * y.batch_stride + t * y.row_stride + h * y.head_stride);
      }
    }
  }

 private:
  void fade(float* state, const float* logarithms) const {
    for (int64_t d = 0; d < k.size; ++d) {
      const float factor = std::exp(logarithms[decay.per_head == k.size ? d : 0]);
      for (int64_t m = 0; m < v.size; ++m) state[d * v.size + m] *= factor;
    }
  }
  // update ← rate · (update − stateᵀ · key)
  void correct(const float* state, const float* key, float rate, float* update) const {
    for (int64_t d = 0; d < k.size; ++d) {
      for (int64_t m = 0; m < v.size; ++m) update[m] -= state[d * v.size + m] * key[d];
    }
    for (int64_t m = 0; m < v.size; ++m) update[m] *= rate;
  }
  void answer(const float* state, const float* query, float* to) const {
    std::fill_n(to, v.size, 0.0f);
    for (int64_t d = 0; d < k.size; ++d) {
      for (int64_t m = 0; m < v.size; ++m) to[m] += query[d] * state[d * v.size + m];
    }
    for (int64_t m = 0; m < v.size; ++m) to[m] *= scale;
  }
};

}  // namespace

Status infer_linear_attention(InferContext& context) {
  const auto& attrs = context.attrs<LinearAttentionAttrs>();
  THANE_TRY(check_presence(context, kDecay, gates(attrs.update_rule)));
  THANE_TRY(check_presence(context, kBeta, corrects(attrs.update_rule)));
  context.set(0, context.dtype(kQuery));
  context.set(1, context.dtype(context.has_input(kPastState) ? kPastState : kQuery));
  for (size_t i = kQuery; i <= kValue; ++i) {
    if (!context.dims(i)) return ok();
    if (context.dims(i)->size() != 3) {
      return invalid_model(format("input '{}' has the shape {}", context.node().op->input_param(i)->name,
                                  to_string(*context.dims(i))))
          .expecting("rank 3");
    }
  }
  THANE_ASSIGN(const auto q, heads_of(*context.dims(kQuery), attrs.q_num_heads, "query"));
  THANE_ASSIGN(const auto k, heads_of(*context.dims(kKey), attrs.kv_num_heads, "key"));
  THANE_ASSIGN(const auto v, heads_of(*context.dims(kValue), attrs.kv_num_heads, "value"));
  THANE_TRY(check_head_groups(q[1], k[1]));
  for (const auto& other : {k, v}) {
    THANE_TRY(check_same(q[0], other[0], "the batch of query, key and value"));
    THANE_TRY(check_same(q[2], other[2], "the length of query, key and value"));
  }
  THANE_TRY(check_same(q[3], k[3], "the head size of query and key"));
  THANE_TRY(check_gate(context, kDecay, k, k[1], k[1] * k[3]));
  THANE_TRY(check_gate(context, kBeta, k, k[1], Dim(1)));
  const SymDims state{q[0], k[1], k[3], v[3]};
  THANE_TRY(check_state(context, state));
  context.set(0, context.dtype(kQuery), SymDims{q[0], q[2], q[1] * v[3]});
  context.set(1, context.dtype(context.has_input(kPastState) ? kPastState : kQuery), state);
  return ok();
}

Status eval_linear_attention(KernelContext& context) {
  const auto& attrs = context.attrs<LinearAttentionAttrs>();
  ThreadPool& threads = context.threads();
  const auto wide = [&](size_t i) -> Result<Tensor> {
    return context.has_input(i) ? widened(context.input(i), threads) : Tensor();
  };
  THANE_ASSIGN(const Tensor query, wide(kQuery));
  THANE_ASSIGN(const Tensor key, wide(kKey));
  THANE_ASSIGN(const Tensor value, wide(kValue));
  THANE_ASSIGN(const Tensor past, wide(kPastState));
  THANE_ASSIGN(const Tensor decay, wide(kDecay));
  THANE_ASSIGN(const Tensor beta, wide(kBeta));
  const Heads k(key, attrs.kv_num_heads), v(value, attrs.kv_num_heads), q(query, attrs.q_num_heads);
  THANE_ASSIGN(Tensor state, Tensor::allocate(DType::kFloat32, {k.batch, k.heads, k.size, v.size}));
  if (state.size() && past.defined()) std::memcpy(state.raw(), past.raw(), state.size_bytes());
  if (state.size() && !past.defined()) std::memset(state.raw(), 0, state.size_bytes());
  if (context.output(0).size() > 0) {
    THANE_ASSIGN(WideOutput out, WideOutput::make(context.output(0), DType::kFloat32));
    const float scale =
        attrs.scale != 0 ? attrs.scale : 1 / std::sqrt(static_cast<float>(std::max<int64_t>(k.size, 1)));
    const Recurrence recurrence{attrs.update_rule,
                                q,
                                k,
                                v,
                                Heads(out.tensor(), attrs.q_num_heads),
                                decay.defined() ? Gate(decay, k.heads) : Gate(),
                                beta.defined() ? Gate(beta, k.heads) : Gate(),
                                query.data<float>(),
                                key.data<float>(),
                                value.data<float>(),
                                state.data<float>(),
                                out.tensor().data<float>(),
                                scale};
    threads.parallel_for(k.batch * k.heads, 1, [&](int64_t begin, int64_t end) {
      std::vector<float> update(static_cast<size_t>(v.size));
      for (int64_t i = begin; i < end; ++i) recurrence.run(i / k.heads, i % k.heads, update.data());
    });
    out.finish(threads);
  }
  if (context.wants_output(1)) narrow(state, context.output(1), threads);
  return ok();
}

}  // namespace thane
