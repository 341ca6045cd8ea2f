// GroupQueryAttention of com.microsoft: several query heads share a key head, sequences of a batch have lengths of
// their own, and positions may be rotated in.
#include <algorithm>
#include <cmath>

#include "base/checked.h"
#include "base/format.h"
#include "ops/contrib/by_blocks.h"
#include "ops/contrib/contrib.h"
#include "ops/contrib/floats.h"
#include "ops/contrib/kernels.h"
#include "ops/widen.h"

namespace thane::contrib {
namespace {

enum Input : size_t {
  kQuery,
  kKey,
  kValue,
  kPastKey,
  kPastValue,
  kLengths,
  kTotalLength,
  kCosines,
  kSines,
  kPositions,
  kAttentionBias,
  kSinks,
};
enum Output : size_t { kOut, kPresentKey, kPresentValue, kQk };

struct GroupGeometry {
  int64_t batch = 0, rows = 0, heads = 0, kv_heads = 0, size = 0, past_rows = 0;
  bool packed = false;

  int64_t hidden() const { return heads * size; }
  int64_t kv_hidden() const { return kv_heads * size; }
};

Result<GroupGeometry> group_geometry(const GroupQueryAttentionAttrs& attrs, const Dims& query, const Dims* key,
                                     const Dims* past) {
  if (query.size() != 3) return invalid_model(format("query of shape {}", to_string(query))).expecting("rank 3");
  GroupGeometry g{query[0], query[1], attrs.num_heads, attrs.kv_num_heads, 0, 0, !key};
  const int64_t parts = g.packed ? g.heads + 2 * g.kv_heads : g.heads;
  if (query[2] % parts != 0) {
    return invalid_model(format("query of shape {}", to_string(query)))
        .expecting(format("a last axis that is a multiple of {}", parts));
  }
  g.size = query[2] / parts;
  THANE_TRY(check_rows(g.batch, g.rows));
  if (key && *key != Dims{g.batch, g.rows, g.kv_hidden()}) {
    return invalid_model(format("key of shape {}", to_string(*key)))
        .expecting(to_string(Dims{g.batch, g.rows, g.kv_hidden()}));
  }
  if (past) {
    if (past->size() != 4 || (*past)[0] != g.batch || (*past)[1] != g.kv_heads || (*past)[3] != g.size) {
      return invalid_model(format("past_key of shape {}", to_string(*past)))
          .expecting(format("[{}, {}, rows, {}]", g.batch, g.kv_heads, g.size));
    }
    g.past_rows = (*past)[2];
  }
  return g;
}

// Lengths of one sequence of the batch.
struct Lengths {
  int64_t past = 0, total = 0;
};

class Run {
 public:
  Run(KernelContext& context, const AttendBy& attend_by, const GroupGeometry& g, int64_t total)
      : context_(context),
        attend_by_(attend_by),
        attrs_(context.attrs<GroupQueryAttentionAttrs>()),
        g_(g),
        total_(total),
        present_rows_(std::max(g.past_rows, total)) {}

  Status run() {
    THANE_TRY(read_lengths());
    const Floats query(&context_.input(kQuery)), key(optional_input(context_, kKey)),
        value(optional_input(context_, kValue));
    const float* packed = query.data();
    const int64_t stride = g_.packed ? g_.hidden() + 2 * g_.kv_hidden() : 0;
    gather(HeadView::rows_first(packed, g_.rows, g_.heads, g_.size, stride), g_.heads, q_);
    const HeadView k = g_.packed ? HeadView::rows_first(packed + g_.hidden(), g_.rows, g_.kv_heads, g_.size, stride)
                                 : HeadView::rows_first(key.data(), g_.rows, g_.kv_heads, g_.size);
    gather(k, g_.kv_heads, new_k_);
    if (attrs_.do_rotary) {
      THANE_TRY(rotate_rows(q_, g_.heads));
      THANE_TRY(rotate_rows(new_k_, g_.kv_heads));
    }
    const HeadView v =
        g_.packed ? HeadView::rows_first(packed + g_.hidden() + g_.kv_hidden(), g_.rows, g_.kv_heads, g_.size, stride)
                  : HeadView::rows_first(value.data(), g_.rows, g_.kv_heads, g_.size);
    std::vector<float> new_v;
    gather(v, g_.kv_heads, new_v);
    const Floats past_k(optional_input(context_, kPastKey)), past_v(optional_input(context_, kPastValue));
    std::vector<float> k_memory, v_memory;
    THANE_ASSIGN(const float* all_k, append(kPresentKey, past_k.data(), new_k_, k_memory));
    THANE_ASSIGN(const float* all_v, append(kPresentValue, past_v.data(), new_v, v_memory));
    return attend(all_k, all_v);
  }

 private:
  Status read_lengths() {
    const auto lengths = context_.input(kLengths).span<int32_t>();
    const bool first = g_.rows == total_;  // a prompt: nothing is past, though sequences may be shorter than their rows
    for (const int32_t length : lengths) {
      const int64_t total = int64_t{length} + 1;
      const int64_t past = first ? 0 : total - g_.rows;
      if (total < 1 || total > present_rows_ || past < 0 || past > g_.past_rows) {
        return runtime_error(format("seqlens_k holds {}", length))
            .expecting(format("lengths minus 1 that fit {} new rows, {} past ones and {} in all", g_.rows, g_.past_rows,
                              present_rows_));
      }
      lengths_.push_back({past, total});
    }
    return ok();
  }

  // [batch, heads, rows, size], dense.
  void gather(const HeadView& view, int64_t heads, std::vector<float>& out) const {
    out.resize(static_cast<size_t>(g_.batch * heads * g_.rows * g_.size));
    float* at = out.data();
    for (int64_t b = 0; b < g_.batch; ++b) {
      for (int64_t n = 0; n < heads; ++n) {
        for (int64_t s = 0; s < g_.rows; ++s, at += g_.size) std::copy_n(view.at(b, n, s), g_.size, at);
      }
    }
  }

  int64_t position(int64_t b, int64_t s) const {
    if (const Tensor* given = optional_input(context_, kPositions)) {
      const int64_t columns = given->rank() == 2 ? given->dim(1) : 1;
      if (given->rank() == 2 && b < given->dim(0) && s < columns) return given->data<int64_t>()[b * columns + s];
      return given->size() > 0 ? checked_add(given->data<int64_t>()[0], s).value_or(-1) : s;
    }
    const Lengths& l = lengths_[static_cast<size_t>(b)];
    // Rows behind a shorter sequence's end are padding: any position will do, as long as the table has it.
    return g_.rows == total_ ? s : std::min(l.past + s, l.total - 1);
  }

  Status rotate_rows(std::vector<float>& rows, int64_t heads) const {
    const Tensor *cosines = optional_input(context_, kCosines), *sines = optional_input(context_, kSines);
    if (!cosines || !sines || cosines->rank() != 2 || cosines->dims() != sines->dims() ||
        2 * cosines->dim(1) > g_.size) {
      return invalid_model("do_rotary without fitting cos_cache and sin_cache")
          .expecting(format("two tables [positions, {} or less]", g_.size / 2));
    }
    const Floats cos(cosines), sin(sines);
    const int64_t half = cosines->dim(1);
    for (int64_t b = 0; b < g_.batch; ++b) {
      for (int64_t s = 0; s < g_.rows; ++s) {
        const int64_t at = position(b, s);
        if (at < 0 || at >= cosines->dim(0)) {
          return runtime_error(format("position {}", at)).expecting(format("0 to {}", cosines->dim(0) - 1));
        }
        for (int64_t n = 0; n < heads; ++n) {
          rotate(rows.data() + ((b * heads + n) * g_.rows + s) * g_.size, cos.data() + at * half,
                 sin.data() + at * half, half, attrs_.rotary_interleaved);
        }
      }
    }
    return ok();
  }

  // [batch, kv_heads, present_rows, size]: each sequence's past, its new rows behind, then zeros. Made in the output's
  // own memory where that is float32, else in `memory`, and stored.
  Result<const float*> append(Output output, const float* past, const std::vector<float>& fresh,
                              std::vector<float>& memory) {
    Dims dims{g_.batch, g_.kv_heads, present_rows_, g_.size};
    const DType dtype = context_.input(kQuery).dtype();
    if (context_.wants_output(output) && dtype == DType::kFloat32) {
      THANE_ASSIGN(Tensor * tensor, context_.allocate(output, dtype, std::move(dims)));
      fill_present(past, fresh, tensor->data<float>());
      return tensor->data<float>();
    }
    memory.resize(static_cast<size_t>(g_.batch * g_.kv_heads * present_rows_ * g_.size));
    fill_present(past, fresh, memory.data());
    THANE_TRY(store_output(output, memory, std::move(dims)));
    return memory.data();
  }

  void fill_present(const float* past, const std::vector<float>& fresh, float* out) const {
    for (int64_t i = 0; i < g_.batch * g_.kv_heads; ++i) {
      const int64_t begin = lengths_[static_cast<size_t>(i / g_.kv_heads)].past;
      const int64_t rows = std::min(g_.rows, present_rows_ - begin);
      if (past)
        out = std::copy_n(past + i * g_.past_rows * g_.size, begin * g_.size, out);
      else
        out = std::fill_n(out, begin * g_.size, 0.0f);
      out = std::copy_n(fresh.data() + i * g_.rows * g_.size, rows * g_.size, out);
      out = std::fill_n(out, (present_rows_ - begin - rows) * g_.size, 0.0f);
    }
  }

  Status store_output(size_t output, const std::vector<float>& values, Dims dims) {
    if (!context_.wants_output(output)) return ok();
    THANE_ASSIGN(Tensor * tensor, context_.allocate(output, context_.input(kQuery).dtype(), std::move(dims)));
    store(values.data(), *tensor);
    return ok();
  }

  Status attend(const float* all_k, const float* all_v) {
    Attend a;
    a.batch = g_.batch;
    a.heads = g_.heads;
    a.kv_heads = g_.kv_heads;
    a.queries = g_.rows;
    a.keys = present_rows_;
    a.head_size = a.value_size = g_.size;
    a.q = HeadView::heads_first(q_.data(), g_.heads, g_.rows, g_.size);
    a.k = HeadView::heads_first(all_k, g_.kv_heads, present_rows_, g_.size);
    a.v = HeadView::heads_first(all_v, g_.kv_heads, present_rows_, g_.size);
    a.scale = attrs_.scale.value_or(0) != 0 ? *attrs_.scale : 1.f / std::sqrt(static_cast<float>(g_.size));
    a.softcap = attrs_.softcap;
    for (const Lengths& l : lengths_) {
      for (int64_t s = 0; s < g_.rows; ++s) {
        const int64_t end = attrs_.causal ? std::min(l.past + s + 1, l.total) : l.total;
        const int64_t window = attrs_.local_window_size;
        a.visible.push_back({window >= 0 && end > window ? end - window : 0, end});
      }
    }
    const Tensor* bias_tensor = optional_input(context_, kAttentionBias);
    const Floats bias(bias_tensor), sinks(optional_input(context_, kSinks));
    if (bias_tensor) THANE_TRY(set_bias(bias_tensor->dims(), bias.data(), a));
    const std::vector<float> zero_sinks(static_cast<size_t>(g_.heads), 0.f);
    if (sinks.data())
      a.sinks = sinks.data();
    else if (attrs_.smooth_softmax > 0)
      a.sinks = zero_sinks.data();
    std::vector<float> qk;
    const DType dtype = context_.input(kQuery).dtype();
    THANE_ASSIGN(Tensor * output, context_.allocate(kOut, dtype, {g_.batch, g_.rows, g_.hidden()}));
    THANE_ASSIGN(WideOutput out, WideOutput::make(*output, DType::kFloat32));
    a.out = BasicHeadView<float>::rows_first(out.tensor().data<float>(), g_.rows, g_.heads, g_.size);
    if (context_.wants_output(kQk) && attrs_.qk_output != 0) {
      qk.resize(static_cast<size_t>(g_.batch * g_.heads * g_.rows * present_rows_));
      a.qk = qk.data();
      a.qk_output = attrs_.qk_output == 1 ? QkOutput::kScores : QkOutput::kProbabilities;
    }
    THANE_TRY(attend_by_(a, context_.threads()));
    out.finish(context_.threads());
    if (!a.qk) return ok();
    return store_output(kQk, trimmed(qk), {g_.batch, g_.heads, g_.rows, total_});
  }

  Status set_bias(const Dims& dims, const float* data, Attend& a) const {
    if (dims.size() != 4 || (dims[0] != 1 && dims[0] != g_.batch) || (dims[1] != 1 && dims[1] != g_.heads) ||
        dims[2] != g_.rows || dims[3] < total_) {
      return invalid_model(format("attention_bias of shape {}", to_string(dims)))
          .expecting(format("[1 or {}, 1 or {}, {}, {}]", g_.batch, g_.heads, g_.rows, total_));
    }
    const int64_t matrix = dims[2] * dims[3];
    a.bias = {data, dims[0] == 1 ? 0 : dims[1] * matrix, dims[1] == 1 ? 0 : matrix, dims[3]};
    return ok();
  }

  // Columns beyond the total length are room in the buffer only.
  std::vector<float> trimmed(const std::vector<float>& qk) const {
    const int64_t rows = g_.batch * g_.heads * g_.rows;
    std::vector<float> out(static_cast<size_t>(rows * total_));
    for (int64_t i = 0; i < rows; ++i) std::copy_n(qk.data() + i * present_rows_, total_, out.data() + i * total_);
    return out;
  }

  KernelContext& context_;
  const AttendBy& attend_by_;
  const GroupQueryAttentionAttrs& attrs_;
  const GroupGeometry g_;
  const int64_t total_, present_rows_;
  std::vector<Lengths> lengths_;
  std::vector<float> q_, new_k_;
};

Status group_query_attention(KernelContext& context, const AttendBy& attend_by) {
  const Tensor *key = optional_input(context, kKey), *past = optional_input(context, kPastKey);
  const Tensor *value = optional_input(context, kValue), *past_value = optional_input(context, kPastValue);
  THANE_ASSIGN(const GroupGeometry g,
               group_geometry(context.attrs<GroupQueryAttentionAttrs>(), context.input(kQuery).dims(),
                              key ? &key->dims() : nullptr, past ? &past->dims() : nullptr));
  if ((key && (!value || value->dims() != key->dims())) ||
      (past && (!past_value || past_value->dims() != past->dims()))) {
    return invalid_model("a value whose shape is not that of the key").expecting("equal shapes");
  }
  if (context.input(kLengths).size() != g.batch) {
    return invalid_model(format("seqlens_k of shape {}", to_string(context.input(kLengths).dims())))
        .expecting(to_string(Dims{g.batch}));
  }
  const int64_t total = context.input(kTotalLength).size() == 1 ? context.input(kTotalLength).as_int64(0) : -1;
  if (total < g.rows || total > g.past_rows + g.rows) {
    return runtime_error(format("total_sequence_length {}", total))
        .expecting(format("{} to {}", g.rows, g.past_rows + g.rows));
  }
  return Run(context, attend_by, g, total).run();
}

}  // namespace

Status GroupQueryAttentionAttrs::prepare() {
  if (num_heads > 0 && num_heads <= kMaxHeads && kv_num_heads > 0 && num_heads % kv_num_heads == 0) return ok();
  return invalid_model(format("{} heads over {} key heads", num_heads, kv_num_heads))
      .expecting("a multiple of the key heads");
}

Status infer_group_query_attention(InferContext& context) {
  const auto& attrs = context.attrs<GroupQueryAttentionAttrs>();
  const DType dtype = context.dtype(kQuery);
  const auto query = known_dims(context, kQuery);
  const auto past = context.has_input(kPastKey) ? known_dims(context, kPastKey) : Dims{};
  const auto key = context.has_input(kKey) ? known_dims(context, kKey) : Dims{};
  for (const size_t i : {kOut, kPresentKey, kPresentValue, kQk}) context.set(i, dtype);
  if (context.dims(kQuery) && context.dims(kQuery)->size() == 3) {
    const SymDims& q = *context.dims(kQuery);
    const Dim parts(attrs.num_heads + 2 * attrs.kv_num_heads);
    const Dim hidden = context.has_input(kKey) ? q[2] : Dim::floor_div(q[2], parts) * Dim(attrs.num_heads);
    const Dim size = Dim::floor_div(hidden, Dim(attrs.num_heads));
    context.set(kOut, dtype, SymDims{q[0], q[1], hidden});
    for (const size_t i : {kPresentKey, kPresentValue}) {
      context.set(i, dtype, SymDims{q[0], Dim(attrs.kv_num_heads), Dim::unknown(), size});
    }
    context.set(kQk, dtype, SymDims{q[0], Dim(attrs.num_heads), q[1], Dim::unknown()});
  }
  if (!query || !past || !key) return ok();
  THANE_TRY(group_geometry(attrs, *query, context.has_input(kKey) ? &*key : nullptr,
                           context.has_input(kPastKey) ? &*past : nullptr));
  return ok();
}

Status eval_group_query_attention(KernelContext& context) { return group_query_attention(context, attend_plainly); }

const Kernel kGroupQueryAttentionByBlocks = kAttentionByBlocks<group_query_attention>;

}  // namespace thane::contrib
