// Attention on float32 by blocks of rows (ops/attend.h).
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/attend.h"
#include "ops/attention/attention.h"
#include "ops/attention/kernels.h"

namespace thane {
namespace {

enum Input : size_t { kQ, kK, kV, kMask, kPastKey, kPastValue, kValidLengths };
enum Output : size_t { kOut, kPresentKey, kPresentValue, kScores };

std::string refuse_heads(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<AttentionAttrs>();
  for (const size_t i : {kQ, kK, kV, kPastKey, kPastValue}) {
    if (query.has_input(i) && query.inputs[i]->dtype != DType::kFloat32) return "dtype is not float32";
  }
  if (query.has_input(kMask) && query.inputs[kMask]->dtype != DType::kFloat32 &&
      query.inputs[kMask]->dtype != DType::kBool) {
    return "the mask is neither float32 nor bool";
  }
  if (query.node.outputs.size() > kScores && query.node.outputs[kScores] != kNoValue) return "scores are wanted";
  if (attrs.softmax_precision && *attrs.softmax_precision != DType::kFloat32) return "softmax is not in float32";
  const size_t rank = query.inputs[kQ]->dims->size();
  if (query.inputs[kK]->dims->size() != rank || query.inputs[kV]->dims->size() != rank) return "ranks differ";
  return {};
}

// A mask that broadcasts, as terms to add. Keys beyond its columns are forbidden; one column is for all keys where
// `spreads`.
struct Terms {
  std::vector<float> values;  // empty: the mask's own memory serves
  HeadView view;

  Terms(const Tensor& mask, int64_t keys, bool spreads) {
    const int64_t own = mask.dim(mask.rank() - 1);
    const int64_t step = own == 1 && spreads ? 0 : 1;
    const int64_t rows = mask.size() / std::max<int64_t>(own, 1);
    const bool serves = mask.dtype() == DType::kFloat32 && own == keys;
    if (!serves) {
      values.assign(static_cast<size_t>(rows * keys), -std::numeric_limits<float>::infinity());
      for (int64_t r = 0; r < rows; ++r)
        fill_row(mask, r * own, step, step ? std::min(own, keys) : keys, values.data() + r * keys);
    }
    view.data = serves ? mask.data<float>() : values.data();
    int64_t* const strides[] = {&view.row, &view.head, &view.batch};
    int64_t stride = keys;
    for (size_t i = 1; i < mask.rank(); ++i) {
      const int64_t size = mask.dim(mask.rank() - 1 - i);
      *strides[i - 1] = size == 1 ? 0 : stride;
      stride *= size;
    }
  }

 private:
  static void fill_row(const Tensor& mask, int64_t at, int64_t step, int64_t count, float* to) {
    for (int64_t t = 0; t < count; ++t, at += step) {
      if (mask.dtype() == DType::kFloat32)
        to[t] = mask.data<float>()[at];
      else if (mask.data<bool>()[at])
        to[t] = 0;
    }
  }
};

class HeadsAttention : public PreparedKernel {
 public:
  explicit HeadsAttention(const KernelQuery& query)
      : attrs_(query.node.attrs_as<AttentionAttrs>()), isa_(query.isa), scratch_(query.scratch()) {}

  Status run(KernelContext& context) const override {
    const Heads q(context.input(kQ), attrs_.q_num_heads.value_or(0));
    const Heads k(context.input(kK), attrs_.kv_num_heads.value_or(0));
    const Heads v(context.input(kV), attrs_.kv_num_heads.value_or(0));
    const int64_t past = context.has_input(kPastKey) ? context.input(kPastKey).dim(2) : 0;
    Attend a;
    a.batch = q.batch;
    a.heads = q.heads;
    a.kv_heads = k.heads;
    a.queries = q.length;
    a.keys = past + k.length;
    a.head_size = q.size;
    a.value_size = v.size;
    a.q = view(q, context.input(kQ));
    Tensor joined_keys, joined_values;
    THANE_ASSIGN(a.k, with_past(context, kK, kPastKey, kPresentKey, k, joined_keys));
    THANE_ASSIGN(a.v, with_past(context, kV, kPastValue, kPresentValue, v, joined_values));
    a.scale = attrs_.scale.value_or(1 / std::sqrt(static_cast<float>(std::max<int64_t>(q.size, 1))));
    a.softcap = attrs_.softcap;
    a.unseeing = std::numeric_limits<float>::quiet_NaN();
    a.visible = visible_keys(a.batch, a.queries, past, a.keys, attrs_.is_causal);
    if (context.has_input(kValidLengths)) {
      const int64_t* valid = context.input(kValidLengths).data<int64_t>();
      for (int64_t i = 0; i < a.batch * a.queries; ++i) {
        int64_t& end = a.visible[static_cast<size_t>(i)].end;
        end = std::clamp<int64_t>(valid[i / a.queries], 0, end);
      }
    }
    std::optional<Terms> terms;
    if (context.has_input(kMask))
      a.bias = terms.emplace(context.input(kMask), a.keys, !context.has_input(kValidLengths)).view;
    Tensor& y = context.output(kOut);
    const Heads out(y, q.heads);
    a.out = {y.data<float>(), out.batch_stride, out.head_stride, out.row_stride};
    return attend_by_blocks(a, isa_, *scratch_, context.threads());
  }

 private:
  static HeadView view(const Heads& heads, const Tensor& tensor) {
    return {tensor.data<float>(), heads.batch_stride, heads.head_stride, heads.row_stride};
  }

  // Keys or values where they lie; behind past ones, or where the present is wanted, they are joined: into the output,
  // or else into `joined`.
  Result<HeadView> with_past(KernelContext& context, size_t now, size_t past, size_t present, const Heads& heads,
                             Tensor& joined) const {
    if (!context.has_input(past) && !context.wants_output(present)) return view(heads, context.input(now));
    const int64_t before = context.has_input(past) ? context.input(past).dim(2) : 0;
    if (context.wants_output(present)) {
      joined = context.output(present);
    } else {
      const Dims dims{heads.batch, heads.heads, before + heads.length, heads.size};
      THANE_ASSIGN(joined, Tensor::allocate(DType::kFloat32, dims));
    }
    join_past(context, now, past, heads, joined);
    return HeadView::heads_first(joined.data<float>(), heads.heads, before + heads.length, heads.size);
  }

  const AttentionAttrs& attrs_;
  Isa isa_;
  std::shared_ptr<ScratchPool> scratch_;
};

Result<std::unique_ptr<PreparedKernel>> prepare_heads(const KernelQuery& query) {
  return std::unique_ptr<PreparedKernel>(new HeadsAttention(query));
}

}  // namespace

const Kernel kHeadsAttention = {"attention.blocks", refuse_heads, prepare_heads};

}  // namespace thane
