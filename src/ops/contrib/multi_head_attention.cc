// MultiHeadAttention of com.microsoft. Attention, QAttention and DecoderMaskedMultiHeadAttention are put into its words
// when a file is read.
#include <algorithm>
#include <cmath>
#include <limits>

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
  kBias,
  kMask,
  kAttentionBias,
  kPastKey,
  kPastValue,
  kPastLength,
  kIndirection
};
enum Output : size_t { kOut, kPresentKey, kPresentValue, kQk };

// How query, key and value come.
enum class Packing : uint8_t {
  kSeparate,     // query, key, value: [batch, rows, hidden]
  kHeadsFirst,   // key and value: [batch, heads, rows, size]
  kKeyValue,     // key: [batch, rows, heads, 2, size]
  kInterleaved,  // query: [batch, rows, heads, 3, size]
  kSideBySide,   // query: [batch, rows, 3 · hidden]
};

struct Geometry {
  Packing packing = Packing::kSeparate;
  Dim batch, queries, keys, hidden, value_hidden;  // keys: the new ones
  Dim past;                                        // rows in past_key; with a shared buffer: its capacity

  int64_t head_size(int64_t heads) const { return hidden.number() / heads; }
};

Result<Geometry> geometry(const SymDims& query, const SymDims* key, const SymDims* value, const SymDims* past) {
  Geometry g;
  const auto wrong = [](std::string_view what, const SymDims& dims, std::string_view expected) {
    return invalid_model(format("{} of shape {}", what, to_string(dims))).expecting(std::string(expected));
  };
  if (query.size() != 3 && query.size() != 5) return wrong("query", query, "rank 3, or rank 5 when packed");
  g.batch = query[0];
  g.queries = query[1];
  if (query.size() == 5) {
    if (!query[3].is_number(3) && query[3].is_number()) return wrong("query", query, "[batch, rows, heads, 3, size]");
    g.packing = Packing::kInterleaved;
    g.hidden = g.value_hidden = query[2] * query[4];
    g.keys = g.queries;
  } else if (!key) {
    g.packing = Packing::kSideBySide;
    g.hidden = g.value_hidden = Dim::floor_div(query[2], Dim(3));
    g.keys = g.queries;
  } else if (key->size() == 5) {
    g.packing = Packing::kKeyValue;
    g.hidden = g.value_hidden = query[2];
    g.keys = (*key)[1];
  } else if (key->size() == 4) {
    if (!value || value->size() != 4) return wrong("key", *key, "a value of rank 4 beside it");
    g.packing = Packing::kHeadsFirst;
    g.hidden = query[2];
    g.value_hidden = (*value)[1] * (*value)[3];
    g.keys = (*key)[2];
  } else if (key->size() == 3) {
    if (!value || value->size() != 3) return wrong("key", *key, "a value of rank 3 beside it");
    g.hidden = query[2];
    g.value_hidden = (*value)[2];
    g.keys = (*key)[1];
  } else {
    return wrong("key", *key, "rank 3, 4 or 5");
  }
  g.past = Dim(0);
  if (past) {
    if (past->size() != 4) return wrong("past_key", *past, "[batch, heads, rows, size]");
    g.past = (*past)[2];
  }
  return g;
}

Status expect_dims(const InferContext& context, size_t i, std::string_view name, const Dims& expected) {
  if (!context.has_input(i)) return ok();
  const auto found = known_dims(context, i);
  if (!found || *found == expected) return ok();
  return invalid_model(format("{} of shape {}", name, to_string(*found))).expecting(to_string(expected));
}

// Everything the kernel relies on, once all shapes are numbers.
Status check_shapes(const InferContext& context, const Geometry& g) {
  const auto& attrs = context.attrs<MultiHeadAttentionAttrs>();
  const int64_t heads = attrs.num_heads;
  const int64_t batch = g.batch.number(), hidden = g.hidden.number(), value_hidden = g.value_hidden.number();
  THANE_TRY(check_rows(batch, g.queries.number()));
  THANE_TRY(check_rows(hidden, value_hidden));
  if (hidden % heads != 0 || value_hidden % heads != 0) {
    return invalid_model(format("hidden sizes {} and {}", hidden, value_hidden))
        .expecting(format("multiples of the {} heads", heads));
  }
  const int64_t size = hidden / heads, value_size = value_hidden / heads, keys = g.keys.number(),
                past = g.past.number();
  switch (g.packing) {
    case Packing::kSeparate:
      THANE_TRY(expect_dims(context, kKey, "key", {batch, keys, hidden}));
      THANE_TRY(expect_dims(context, kValue, "value", {batch, keys, value_hidden}));
      break;
    case Packing::kHeadsFirst:
      THANE_TRY(expect_dims(context, kKey, "key", {batch, heads, keys, size}));
      THANE_TRY(expect_dims(context, kValue, "value", {batch, heads, keys, value_size}));
      break;
    case Packing::kKeyValue: THANE_TRY(expect_dims(context, kKey, "key", {batch, keys, heads, 2, size})); break;
    case Packing::kInterleaved: THANE_TRY(expect_dims(context, kQuery, "query", {batch, keys, heads, 3, size})); break;
    case Packing::kSideBySide: THANE_TRY(expect_dims(context, kQuery, "query", {batch, keys, 3 * hidden})); break;
  }
  THANE_TRY(expect_dims(context, kBias, "bias", {2 * hidden + value_hidden}));
  if (context.has_input(kPastKey) != context.has_input(kPastValue)) {
    return invalid_model("past_key without past_value, or the reverse").expecting("both or neither");
  }
  THANE_TRY(expect_dims(context, kPastKey, "past_key", {batch, heads, past, size}));
  THANE_TRY(expect_dims(context, kPastValue, "past_value", {batch, heads, past, value_size}));
  return ok();
}

// Where the key and value rows of one sequence stand: the past, then the new ones.
struct State {
  int64_t batch, heads, past, capacity, rows, size;  // `past` of `capacity` rows are there; `rows` are new

  int64_t total() const { return past + rows; }
};

// Copies the past's rows and the new ones (with their share of the bias) side by side: [batch, heads, total, size].
// `source(b, t)` says whose past row t belongs to sequence b.
template <class F>
std::vector<float> assemble(const State& state, const float* past, const HeadView& fresh, const float* bias,
                            const F& source) {
  std::vector<float> all(static_cast<size_t>(state.batch * state.heads * state.total() * state.size));
  float* out = all.data();
  for (int64_t b = 0; b < state.batch; ++b) {
    for (int64_t n = 0; n < state.heads; ++n) {
      for (int64_t t = 0; t < state.past; ++t, out += state.size) {
        std::copy_n(past + ((source(b, t) * state.heads + n) * state.capacity + t) * state.size, state.size, out);
      }
      for (int64_t t = 0; t < state.rows; ++t, out += state.size) {
        const float* row = fresh.at(b, n, t);
        for (int64_t i = 0; i < state.size; ++i) out[i] = row[i] + (bias ? bias[n * state.size + i] : 0.f);
      }
    }
  }
  return all;
}

// The present state: what was assembled, or with a shared buffer the past with the new rows written into it.
void store_present(KernelContext& context, size_t output, const State& state, bool shared, const float* past,
                   const std::vector<float>& all) {
  if (!context.wants_output(output)) return;
  if (!shared) return store(all.data(), context.output(output));
  std::vector<float> buffer(past, past + state.batch * state.heads * state.capacity * state.size);
  for (int64_t i = 0; i < state.batch * state.heads; ++i) {
    std::copy_n(all.data() + (i * state.total() + state.past) * state.size, state.rows * state.size,
                buffer.data() + (i * state.capacity + state.past) * state.size);
  }
  store(buffer.data(), context.output(output));
}

// The mask as a term to add: [batch, 1 or queries, total].
struct Mask {
  std::vector<float> values;
  HeadView view;
};

Result<Mask> read_mask(const Tensor& mask, int64_t batch, int64_t queries, int64_t past, int64_t total, float filter) {
  Mask out;
  const Dims& dims = mask.dims();
  const int32_t* in = mask.data<int32_t>();
  const bool per_query = mask.rank() > 2;
  const int64_t rows = per_query ? queries : 1;
  out.values.assign(static_cast<size_t>(batch * rows * total), 0.f);
  out.view = {out.values.data(), rows * total, 0, per_query ? total : 0};
  const auto forbid_unless = [&](int64_t b, int64_t s, int64_t t, bool allowed) {
    if (!allowed) out.values[static_cast<size_t>((b * rows + s) * total + t)] = filter;
  };
  if (mask.rank() == 1 && (dims[0] == batch || dims[0] == 2 * batch || dims[0] == 3 * batch + 2)) {
    // Lengths; or ends and then starts; or lengths and then cumulated ones.
    const bool starts = dims[0] == 2 * batch;
    for (int64_t b = 0; b < batch; ++b) {
      for (int64_t t = 0; t < total; ++t) forbid_unless(b, 0, t, t < in[b] && (!starts || t >= in[batch + b]));
    }
    return out;
  }
  if (mask.rank() == 2 && dims == Dims{batch, total}) {
    for (int64_t b = 0; b < batch; ++b) {
      for (int64_t t = 0; t < total; ++t) forbid_unless(b, 0, t, in[b * total + t] > 0);
    }
    return out;
  }
  if (mask.rank() == 3 && dims == Dims{batch, queries, total}) {
    for (int64_t b = 0; b < batch; ++b) {
      for (int64_t s = 0; s < queries; ++s) {
        for (int64_t t = 0; t < total; ++t) forbid_unless(b, s, t, in[(b * queries + s) * total + t] > 0);
      }
    }
    return out;
  }
  if (mask.rank() == 4 && dims[0] == batch && dims[1] == 1 && dims[2] == dims[3] && dims[3] >= total) {
    for (int64_t b = 0; b < batch; ++b) {
      for (int64_t s = 0; s < queries; ++s) {
        for (int64_t t = 0; t < total; ++t) forbid_unless(b, s, t, in[(b * dims[2] + past + s) * dims[3] + t] > 0);
      }
    }
    return out;
  }
  return invalid_model(format("a mask of shape {}", to_string(dims)))
      .expecting(
          format("[{0}], [{1}], [{0}, {3}], [{0}, {2}, {3}] or [{0}, 1, max, max]", batch, 2 * batch, queries, total));
}

// [1 or batch, 1 or heads, queries, total] as a view that repeats what is 1.
Result<HeadView> bias_view(const float* data, const Dims& dims, int64_t batch, int64_t heads, int64_t queries,
                           int64_t total) {
  if (dims.size() != 4 || (dims[0] != 1 && dims[0] != batch) || (dims[1] != 1 && dims[1] != heads) ||
      dims[2] != queries || dims[3] < total) {
    return invalid_model(format("attention_bias of shape {}", to_string(dims)))
        .expecting(format("[1 or {}, 1 or {}, {}, {}]", batch, heads, queries, total));
  }
  const int64_t matrix = dims[2] * dims[3];
  return HeadView{data, dims[0] == 1 ? 0 : dims[1] * matrix, dims[1] == 1 ? 0 : matrix, dims[3]};
}

struct Views {
  HeadView q, k, v;
};

Views views(const Geometry& g, int64_t heads, const float* query, const float* key, const float* value) {
  const int64_t hidden = g.hidden.number(), size = hidden / heads, value_size = g.value_hidden.number() / heads;
  const int64_t queries = g.queries.number(), keys = g.keys.number();
  const HeadView q = HeadView::rows_first(query, queries, heads, size);
  switch (g.packing) {
    case Packing::kSeparate:
      return {q, HeadView::rows_first(key, keys, heads, size), HeadView::rows_first(value, keys, heads, value_size)};
    case Packing::kHeadsFirst:
      return {q, HeadView::heads_first(key, heads, keys, size), HeadView::heads_first(value, heads, keys, value_size)};
    case Packing::kKeyValue: {
      const HeadView k{key, keys * hidden * 2, 2 * size, hidden * 2};
      return {q, k, {key + size, k.batch, k.head, k.row}};
    }
    case Packing::kInterleaved: {
      const HeadView all{query, keys * hidden * 3, 3 * size, hidden * 3};
      return {all, {query + size, all.batch, all.head, all.row}, {query + 2 * size, all.batch, all.head, all.row}};
    }
    case Packing::kSideBySide: break;
  }
  const HeadView all{query, keys * hidden * 3, size, hidden * 3};
  return {all, {query + hidden, all.batch, all.head, all.row}, {query + 2 * hidden, all.batch, all.head, all.row}};
}

SymDims dims_or_empty(const Tensor* tensor) { return tensor ? to_symbolic(tensor->dims()) : SymDims{}; }

Status multi_head_attention(KernelContext& context, const AttendBy& attend_by) {
  const auto& attrs = context.attrs<MultiHeadAttentionAttrs>();
  const Tensor *key = optional_input(context, kKey), *value = optional_input(context, kValue);
  const Tensor *past_key = optional_input(context, kPastKey), *past_value = optional_input(context, kPastValue);
  const SymDims key_dims = dims_or_empty(key), value_dims = dims_or_empty(value), past_dims = dims_or_empty(past_key);
  THANE_ASSIGN(const Geometry g, geometry(to_symbolic(context.input(kQuery).dims()), key ? &key_dims : nullptr,
                                          value ? &value_dims : nullptr, past_key ? &past_dims : nullptr));
  const bool shared = attrs.past_present_share_buffer && past_key;
  const int64_t heads = attrs.num_heads, batch = g.batch.number(), queries = g.queries.number();
  State keys{batch, heads, g.past.number(), g.past.number(), g.keys.number(), g.head_size(heads)};
  if (shared) {
    const Tensor* length = optional_input(context, kPastLength);
    keys.past = length && length->size() > 0 ? length->as_int64(0) : -1;
    if (keys.past < 0 || keys.past + keys.rows > keys.capacity) {
      return runtime_error(format("past_sequence_length {}", keys.past))
          .expecting(format("0 to {}, with a shared buffer", keys.capacity - keys.rows));
    }
  }
  State values = keys;
  values.size = g.value_hidden.number() / heads;

  const Tensor* indirection = optional_input(context, kIndirection);
  if (indirection && (indirection->rank() != 3 || indirection->dim(0) * indirection->dim(1) != batch ||
                      indirection->dim(2) < keys.past)) {
    return invalid_model(format("cache_indirection of shape {}", to_string(indirection->dims())))
        .expecting(format("[batch, beams, {} or more]", keys.past));
  }
  Status found = ok();
  const auto source = [&](int64_t b, int64_t t) -> int64_t {
    if (!indirection) return b;
    const int64_t beams = indirection->dim(1);
    const int64_t beam = indirection->data<int32_t>()[b * indirection->dim(2) + t];
    if (beam >= 0 && beam < beams) return b / beams * beams + beam;
    found = runtime_error(format("cache_indirection names beam {}", beam)).expecting(format("0 to {}", beams - 1));
    return b;
  };

  const Floats q_floats(&context.input(kQuery)), k_floats(key), v_floats(value), bias(optional_input(context, kBias));
  const Floats past_k(past_key), past_v(past_value), attention_bias(optional_input(context, kAttentionBias));
  const Views in = views(g, heads, q_floats.data(), k_floats.data(), v_floats.data());
  const int64_t hidden = g.hidden.number();
  const State query_state{batch, heads, 0, 0, queries, keys.size};
  // Keys and values that come heads first are those of an earlier step: they have their bias already.
  const bool biased = bias.data() && g.packing != Packing::kHeadsFirst;
  Attend attend;
  attend.k = in.k;
  attend.v = in.v;
  std::vector<float> all_k, all_v;
  // New rows serve where they lie, if nothing comes before them or on top.
  if (biased || keys.past > 0 || context.wants_output(kPresentKey) || context.wants_output(kPresentValue)) {
    all_k = assemble(keys, past_k.data(), in.k, biased ? bias.data() + hidden : nullptr, source);
    all_v = assemble(values, past_v.data(), in.v, biased ? bias.data() + 2 * hidden : nullptr, source);
    THANE_TRY(std::move(found));
    store_present(context, kPresentKey, keys, shared, past_k.data(), all_k);
    store_present(context, kPresentValue, values, shared, past_v.data(), all_v);
    attend.k = HeadView::heads_first(all_k.data(), heads, keys.total(), keys.size);
    attend.v = HeadView::heads_first(all_v.data(), heads, keys.total(), values.size);
  }
  attend.batch = batch;
  attend.heads = attend.kv_heads = heads;
  attend.queries = queries;
  attend.keys = keys.total();
  attend.head_size = keys.size;
  attend.value_size = values.size;
  std::vector<float> biased_q;
  attend.q = in.q;
  if (bias.data()) {
    biased_q = assemble(query_state, nullptr, in.q, bias.data(), source);
    attend.q = HeadView::heads_first(biased_q.data(), heads, queries, keys.size);
  }
  attend.scale = attrs.scale.value_or(0) != 0 ? *attrs.scale : 1.f / std::sqrt(static_cast<float>(keys.size));
  attend.visible = visible_keys(batch, queries, keys.past, attend.keys, attrs.unidirectional);
  Mask mask;
  if (const Tensor* given = optional_input(context, kMask)) {
    THANE_ASSIGN(mask, read_mask(*given, batch, queries, keys.past, attend.keys, attrs.mask_filter_value));
    attend.mask = mask.view;
  }
  if (const Tensor* given = optional_input(context, kAttentionBias)) {
    THANE_ASSIGN(attend.bias, bias_view(attention_bias.data(), given->dims(), batch, heads, queries, attend.keys));
  }
  std::vector<float> qk;
  const Dims out_dims{batch, queries, heads * values.size};
  THANE_ASSIGN(Tensor * output, context.allocate(kOut, context.input(kQuery).dtype(), out_dims));
  THANE_ASSIGN(WideOutput out, WideOutput::make(*output, DType::kFloat32));
  attend.out = BasicHeadView<float>::rows_first(out.tensor().data<float>(), queries, heads, values.size);
  if (context.wants_output(kQk)) {
    qk.resize(static_cast<size_t>(batch * heads * queries * attend.keys));
    attend.qk = qk.data();
    attend.qk_output = QkOutput::kScores;
    attend.qk_unseen = std::numeric_limits<float>::lowest();
  }
  THANE_TRY(attend_by(attend, context.threads()));
  out.finish(context.threads());
  if (attend.qk) {
    THANE_ASSIGN(Tensor * scores,
                 context.allocate(kQk, context.input(kQuery).dtype(), {batch, heads, queries, attend.keys}));
    store(qk.data(), *scores);
  }
  return ok();
}

}  // namespace

Status MultiHeadAttentionAttrs::prepare() {
  if (num_heads > 0 && num_heads <= kMaxHeads) return ok();
  return invalid_model(format("num_heads is {}", num_heads)).expecting(format("1 to {}", kMaxHeads));
}

Status infer_multi_head_attention(InferContext& context) {
  const auto& attrs = context.attrs<MultiHeadAttentionAttrs>();
  const DType dtype = context.dtype(kQuery);
  for (const size_t i : {kOut, kPresentKey, kPresentValue, kQk}) context.set(i, dtype);
  const auto dims = [&](size_t i) { return context.has_input(i) ? context.dims(i) : nullptr; };
  for (const size_t i : {kQuery, kKey, kValue, kPastKey}) {
    if (context.has_input(i) && !context.dims(i)) return ok();
  }
  THANE_ASSIGN(const Geometry g, geometry(*dims(kQuery), dims(kKey), dims(kValue), dims(kPastKey)));
  if (all_known(context)) THANE_TRY(check_shapes(context, g));
  const Dim heads(attrs.num_heads);
  const Dim size = Dim::floor_div(g.hidden, heads), value_size = Dim::floor_div(g.value_hidden, heads);
  const bool shared = attrs.past_present_share_buffer && context.has_input(kPastKey);
  const Dim total = g.past + g.keys;
  context.set(kOut, dtype, SymDims{g.batch, g.queries, g.value_hidden});
  context.set(kPresentKey, dtype, SymDims{g.batch, heads, shared ? g.past : total, size});
  context.set(kPresentValue, dtype, SymDims{g.batch, heads, shared ? g.past : total, value_size});
  context.set(kQk, dtype, SymDims{g.batch, heads, g.queries, shared ? Dim::unknown() : total});
  return ok();
}

Status eval_multi_head_attention(KernelContext& context) { return multi_head_attention(context, attend_plainly); }

const Kernel kMultiHeadAttentionByBlocks = kAttentionByBlocks<multi_head_attention>;

}  // namespace thane::contrib
