#include "ops/attention/attention.h"

#include <cmath>
#include <limits>

#include "base/format.h"
#include "kernels/copy.h"
#include "kernels/matmul.h"
#include "ops/shape_values.h"
#include "ops/widen.h"

namespace thane {
namespace {

enum Input : size_t { kQ, kK, kV, kMask, kPastKey, kPastValue, kValidLengths };
enum Output : size_t { kY, kPresentKey, kPresentValue, kScores };

constexpr int64_t kScoresAtOnce = 4 << 20;  // elements; heads are worked on in groups of about this many scores

Status check_past(const InferContext& context, Input past, const std::array<Dim, 4>& now, Dim& length) {
  if (!context.dims(past)) return ok();
  const std::string_view name = context.node().op->input_param(past)->name;
  const SymDims& dims = *context.dims(past);
  if (dims.size() != 4) {
    return invalid_model(format("{} has the shape {}", name, to_string(dims))).expecting("rank 4");
  }
  THANE_TRY(check_same(dims[0], now[0], format("the batch of {} and of its new rows", name)));
  THANE_TRY(check_same(dims[1], now[1], format("the number of heads of {} and of its new rows", name)));
  THANE_TRY(check_same(dims[3], now[3], format("the head size of {} and of its new rows", name)));
  THANE_TRY(check_same(dims[2], length, "the length of past_key and past_value"));
  length = dims[2];
  return ok();
}

Status check_mask(const SymDims& mask, const SymDims& scores) {
  bool fits = mask.size() <= 4 && !mask.empty();
  for (size_t i = 0; fits && i < mask.size(); ++i) {
    const Dim& have = mask[i];
    const Dim& want = scores[4 - mask.size() + i];
    if (!have.is_number() || !want.is_number() || have.is_number(1)) continue;
    fits = i + 1 == mask.size() ? have.number() <= want.number() : have == want;
  }
  if (fits) return ok();
  return invalid_model(format("attn_mask has the shape {}", to_string(mask)))
      .expecting(format("one that broadcasts to {}; the last axis may be shorter", to_string(scores)));
}

Status check_valid_lengths(const InferContext& context, const Dim& batch) {
  if (!context.has_input(kValidLengths)) return ok();
  if (context.has_input(kPastKey) || context.wants_output(kPresentKey) || context.wants_output(kPresentValue)) {
    return invalid_model("nonpad_kv_seqlen together with past or present keys").expecting("either");
  }
  if (!context.dims(kValidLengths)) return ok();
  const SymDims& dims = *context.dims(kValidLengths);
  if (dims.size() != 1) {
    return invalid_model(format("nonpad_kv_seqlen has the shape {}", to_string(dims)))
        .expecting("one number per sample");
  }
  return check_same(dims[0], batch, "the batch of Q and nonpad_kv_seqlen");
}

Status check_attributes(const AttentionAttrs& attrs) {
  if (attrs.qk_matmul_output_mode < 0 || attrs.qk_matmul_output_mode > 3) {
    return invalid_model(format("qk_matmul_output_mode is {}", attrs.qk_matmul_output_mode)).expecting("0 to 3");
  }
  if (attrs.softmax_precision && !(mask_of(*attrs.softmax_precision) & kFloats)) {
    return invalid_model(format("softmax_precision is {}", dtype_name(*attrs.softmax_precision)))
        .expecting("a floating-point type");
  }
  if (attrs.scale && !(*attrs.scale >= 0)) {
    return invalid_model(format("scale is {}", *attrs.scale)).expecting("0 or more");
  }
  return ok();
}

// Keys or values with the past ones before them, in memory of their own.
Result<Tensor> joined_with_past(KernelContext& context, Input now, Input past, int64_t head_count) {
  const Tensor& rows = context.input(now);
  const Heads heads(rows, head_count);
  const int64_t before = context.has_input(past) ? context.input(past).dim(2) : 0;
  THANE_ASSIGN(Tensor joined,
               Tensor::allocate(rows.dtype(), {heads.batch, heads.heads, before + heads.length, heads.size}));
  join_past(context, now, past, heads, joined);
  return joined;
}

// What is added to the scores of one head, as a function of the row and the column.
struct Masking {
  const Tensor* mask = nullptr;      // bool, or of the computing dtype
  std::array<int64_t, 4> strides{};  // of the mask over batch, head, row, column; 0 where it broadcasts
  int64_t mask_columns = 0;          // beyond them: nothing is attended to
  const int64_t* valid = nullptr;    // columns per sample
  bool causal = false;
  int64_t past = 0;  // keys before the first query's own
};

template <class T>
void mask_row(const Masking& masking, int64_t batch, int64_t head, int64_t row, T* scores, int64_t columns) {
  constexpr T kNever = -std::numeric_limits<T>::infinity();
  if (masking.mask) {
    const auto& s = masking.strides;
    const int64_t offset = batch * s[0] + head * s[1] + row * s[2];
    const int64_t n = std::min(columns, masking.mask_columns);
    if (masking.mask->dtype() == DType::kBool) {
      const bool* mask = masking.mask->data<bool>() + offset;
      for (int64_t j = 0; j < n; ++j) scores[j] = mask[j * s[3]] ? scores[j] : kNever;
    } else {
      const T* mask = masking.mask->data<T>() + offset;
      for (int64_t j = 0; j < n; ++j) scores[j] += mask[j * s[3]];
    }
    std::fill(scores + n, scores + columns, kNever);
  }
  int64_t end = columns;
  if (masking.valid) end = std::min(end, masking.valid[batch]);
  if (masking.causal) end = std::min(end, masking.past + row + 1);
  std::fill(scores + std::max<int64_t>(end, 0), scores + columns, kNever);
}

Result<Masking> masking_of(KernelContext& context, const Dims& scores, DType dtype, Tensor& wide_mask) {
  Masking masking;
  masking.causal = context.attrs<AttentionAttrs>().is_causal;
  if (context.has_input(kPastKey)) masking.past = context.input(kPastKey).dim(2);
  if (context.has_input(kValidLengths)) masking.valid = context.input(kValidLengths).data<int64_t>();
  if (!context.has_input(kMask)) return masking;
  wide_mask = context.input(kMask);
  const bool is_bool = wide_mask.dtype() == DType::kBool;
  if (!is_bool && wide_mask.dtype() != dtype) {
    THANE_ASSIGN(Tensor converted, Tensor::allocate(dtype, wide_mask.dims()));
    if (mask_of(wide_mask.dtype()) & kFloats) {
      narrow(wide_mask, converted, context.threads());
    } else {
      dispatch<float, double>(dtype, [&]<class T>() {
        for (int64_t i = 0; i < converted.size(); ++i) converted.data<T>()[i] = static_cast<T>(wide_mask.as_double(i));
      });
    }
    wide_mask = std::move(converted);
  }
  masking.mask = &wide_mask;
  const Dims strides = row_major_strides(wide_mask.dims());
  const size_t lead = 4 - wide_mask.rank();
  for (size_t i = 0; i < wide_mask.rank(); ++i) {
    masking.strides[lead + i] = wide_mask.dim(i) == 1 ? 0 : strides[i];
  }
  // One column is for all, unless the caches are padded: then it is short like any other.
  const int64_t columns = wide_mask.dim(wide_mask.rank() - 1);
  masking.mask_columns = columns == 1 && !masking.valid ? scores[3] : columns;
  return masking;
}

// The part of the work that is the same for every group of heads.
struct Pass {
  const AttentionAttrs& attrs;
  Heads q;
  Heads y;
  int64_t kv_heads, total, v_size;
  DType dtype;
  Masking masking;
  const Tensor *queries, *keys, *values;
  Tensor *out, *scores_out;  // scores_out: null when nobody wants it
  double scale;

  int64_t kv_index(int64_t head) const {  // head counts over all samples
    return head / q.heads * kv_heads + head % q.heads / (q.heads / kv_heads);
  }

  MatmulProblem products(const Tensor& scores) const {
    MatmulProblem p;
    p.dtype = dtype;
    p.m = q.length;
    p.n = total;
    p.k = q.size;
    p.a = queries->raw();
    p.a_row = q.row_stride;
    p.b = keys->raw();
    p.b_row = 1;
    p.b_col = q.size;
    p.c = scores.raw();
    p.c_row = total;
    p.alpha = scale;
    return p;
  }

  MatmulProblem answers(const Tensor& scores) const {
    MatmulProblem p;
    p.dtype = dtype;
    p.m = q.length;
    p.n = v_size;
    p.k = total;
    p.a = scores.raw();
    p.a_row = total;
    p.b = values->raw();
    p.b_row = v_size;
    p.c = out->raw();
    p.c_row = y.row_stride;
    return p;
  }

  // Heads [first, first + count), whose scores fit into `scores`.
  void run(int64_t first, int64_t count, Tensor& scores, ThreadPool& threads) const {
    std::vector<MatmulOffsets> qk, pv;
    for (int64_t h = first; h < first + count; ++h) {
      const int64_t kv = kv_index(h), local = (h - first) * q.length * total;
      qk.push_back({h / q.heads * q.batch_stride + h % q.heads * q.head_stride, kv * total * q.size, local});
      pv.push_back({local, kv * total * v_size, h / q.heads * y.batch_stride + h % q.heads * y.head_stride});
    }
    matmul(products(scores), qk, threads);
    keep(0, first, scores, threads);
    dispatch<float, double>(dtype, [&]<class T>() {
      threads.parallel_for(count * q.length, 4096 / (total + 1) + 1, [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; ++r) cap_row(scores.data<T>() + r * total);
      });
    });
    keep(1, first, scores, threads);
    dispatch<float, double>(dtype, [&]<class T>() {
      threads.parallel_for(count * q.length, 4096 / (total + 1) + 1, [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; ++r) {
          const int64_t head = first + r / q.length;
          mask_row(masking, head / q.heads, head % q.heads, r % q.length, scores.data<T>() + r * total, total);
        }
      });
    });
    keep(2, first, scores, threads);
    softmax_rows(scores, total, threads);
    keep(3, first, scores, threads);
    matmul(answers(scores), pv, threads);
  }

 private:
  template <class T>
  void cap_row(T* scores) const {
    if (!(attrs.softcap > 0)) return;
    const T cap = static_cast<T>(attrs.softcap);
    for (int64_t j = 0; j < total; ++j) scores[j] = cap * std::tanh(scores[j] / cap);
  }

  // The output of scores shows them as they are after step `mode`.
  void keep(int64_t mode, int64_t first, const Tensor& scores, ThreadPool& threads) const {
    if (!scores_out || attrs.qk_matmul_output_mode != mode) return;
    Tensor part = Tensor::borrow(scores_out->dtype(), scores.dims(),
                                 element(scores_out->dtype(), scores_out->raw(), first * q.length * total));
    narrow(scores, part, threads);
  }
};

}  // namespace

void join_past(KernelContext& context, size_t now, size_t past, const Heads& heads, Tensor& joined) {
  const Tensor& rows = context.input(now);
  const Dims to = row_major_strides(joined.dims());
  const int64_t before = context.has_input(past) ? context.input(past).dim(2) : 0;
  if (before > 0) {
    const Tensor& old = context.input(past);
    copy_strided(rows.dtype(), old.dims(), old.raw(), row_major_strides(old.dims()), joined.raw(), to,
                 context.threads());
  }
  const Dims dims{heads.batch, heads.heads, heads.length, heads.size};
  const Dims from{heads.batch_stride, heads.head_stride, heads.row_stride, 1};
  copy_strided(rows.dtype(), dims, rows.raw(), from, element(rows.dtype(), joined.raw(), before * heads.size), to,
               context.threads());
}

Status infer_attention(InferContext& context) {
  const auto& attrs = context.attrs<AttentionAttrs>();
  THANE_TRY(check_attributes(attrs));
  if (context.has_input(kPastKey) != context.has_input(kPastValue)) {
    return invalid_model("only one of past_key and past_value").expecting("both or neither");
  }
  for (size_t i = 0; i < 4; ++i) context.set(i, context.dtype(i == kPresentValue ? kV : kQ));
  if (!context.dims(kQ) || !context.dims(kK) || !context.dims(kV)) return ok();
  const size_t rank = context.dims(kQ)->size();
  if (context.dims(kK)->size() != rank || context.dims(kV)->size() != rank) {
    return invalid_model(format("Q, K and V have the ranks {}, {} and {}", rank, context.dims(kK)->size(),
                                context.dims(kV)->size()))
        .expecting("all 3 or all 4");
  }
  THANE_ASSIGN(const auto q, heads_of(*context.dims(kQ), attrs.q_num_heads, "Q"));
  THANE_ASSIGN(const auto k, heads_of(*context.dims(kK), attrs.kv_num_heads, "K"));
  THANE_ASSIGN(const auto v, heads_of(*context.dims(kV), attrs.kv_num_heads, "V"));
  THANE_TRY(check_same(q[0], k[0], "the batch of Q and K"));
  THANE_TRY(check_same(q[0], v[0], "the batch of Q and V"));
  THANE_TRY(check_same(k[1], v[1], "the number of heads of K and V"));
  THANE_TRY(check_same(k[2], v[2], "the length of K and V"));
  THANE_TRY(check_same(q[3], k[3], "the head size of Q and K"));
  THANE_TRY(check_head_groups(q[1], k[1]));
  Dim past = context.has_input(kPastKey) ? Dim::unknown() : Dim(0);
  if (context.has_input(kPastKey)) {
    THANE_TRY(check_past(context, kPastKey, k, past));
    THANE_TRY(check_past(context, kPastValue, v, past));
  }
  const Dim total = past + k[2];
  const SymDims scores{q[0], q[1], q[2], total};
  THANE_TRY(check_sizes(context, scores));
  if (context.has_input(kMask) && context.dims(kMask)) THANE_TRY(check_mask(*context.dims(kMask), scores));
  THANE_TRY(check_valid_lengths(context, q[0]));
  context.set(kY, context.dtype(kQ), rank == 4 ? SymDims{q[0], q[1], q[2], v[3]} : SymDims{q[0], q[2], q[1] * v[3]});
  context.set(kPresentKey, context.dtype(kK), SymDims{k[0], k[1], total, k[3]});
  context.set(kPresentValue, context.dtype(kV), SymDims{k[0], k[1], total, v[3]});
  context.set(kScores, context.dtype(kQ), scores);
  return ok();
}

Status eval_attention(KernelContext& context) {
  const auto& attrs = context.attrs<AttentionAttrs>();
  ThreadPool& threads = context.threads();
  const bool wants_scores = context.wants_output(kScores) && context.output(kScores).size() > 0;
  const int64_t kv_heads = attrs.kv_num_heads.value_or(0);
  THANE_ASSIGN(const Tensor joined_keys, joined_with_past(context, kK, kPastKey, kv_heads));
  THANE_ASSIGN(const Tensor joined_values, joined_with_past(context, kV, kPastValue, kv_heads));
  if (context.wants_output(kPresentKey)) narrow(joined_keys, context.output(kPresentKey), threads);
  if (context.wants_output(kPresentValue)) narrow(joined_values, context.output(kPresentValue), threads);
  if (context.output(kY).size() == 0 && !wants_scores) return ok();
  THANE_ASSIGN(const Tensor queries, widened(context.input(kQ), threads));
  THANE_ASSIGN(const Tensor keys, widened(joined_keys, threads));
  THANE_ASSIGN(Tensor values, widened(joined_values, threads));
  if (values.dtype() != queries.dtype()) {
    THANE_ASSIGN(Tensor converted, Tensor::allocate(queries.dtype(), values.dims()));
    narrow(values, converted, threads);
    values = std::move(converted);
  }
  const Heads q(queries, attrs.q_num_heads.value_or(0));
  const int64_t total = keys.dim(2);
  const Dims scores_dims{q.batch, q.heads, q.length, total};
  Tensor wide_mask;
  THANE_ASSIGN(const Masking masking, masking_of(context, scores_dims, queries.dtype(), wide_mask));
  THANE_ASSIGN(WideOutput out, WideOutput::make(context.output(kY), queries.dtype()));
  const double scale = attrs.scale ? *attrs.scale : 1 / std::sqrt(static_cast<double>(std::max<int64_t>(q.size, 1)));
  const Pass pass{attrs,
                  q,
                  Heads(out.tensor(), q.heads),
                  keys.dim(1),
                  total,
                  values.dim(3),
                  queries.dtype(),
                  masking,
                  &queries,
                  &keys,
                  &values,
                  &out.tensor(),
                  wants_scores ? &context.output(kScores) : nullptr,
                  scale};
  const int64_t heads = q.batch * q.heads;
  const int64_t per_head = std::max<int64_t>(q.length * total, 1);
  const int64_t group = std::clamp<int64_t>(kScoresAtOnce / per_head, 1, std::max<int64_t>(heads, 1));
  for (int64_t first = 0; first < heads; first += group) {
    const int64_t count = std::min(group, heads - first);
    THANE_ASSIGN(Tensor scores, Tensor::allocate(queries.dtype(), {count, q.length, total}));
    pass.run(first, count, scores, threads);
  }
  out.finish(threads);
  return ok();
}

}  // namespace thane
