#include <cmath>

#include "base/format.h"
#include "kernels/matmul.h"
#include "ops/attention/attention.h"
#include "ops/widen.h"

namespace thane {
namespace {

enum Body : size_t { kScoreMod, kProbMod };

// The dtype the bodies see.
DType body_dtype(const FlexAttentionAttrs& attrs, DType inputs) {
  if (attrs.softmax_precision) return *attrs.softmax_precision;
  return inputs == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
}

std::string_view body_name(const Node& node, Body body) { return node.op->subgraphs[body]; }

Status check_body(InferContext& context, Body body, const Type& scores) {
  const Type inputs[] = {scores};
  THANE_ASSIGN(const std::vector<Type> outputs, context.infer_subgraph(body, inputs));
  if (outputs.size() == 1 && (!outputs[0].known() || outputs[0].mask() == scores.mask())) return ok();
  return invalid_model(format("{} gives {}", body_name(context.node(), body),
                              outputs.size() == 1 ? outputs[0].to_string() : format("{} values", outputs.size())))
      .expecting(scores.to_string());
}

// A copy in another float dtype; the tensor itself where nothing changes.
Result<Tensor> converted(const Tensor& tensor, DType dtype, ThreadPool& threads) {
  if (tensor.dtype() == dtype) return tensor;
  THANE_ASSIGN(Tensor out, Tensor::allocate(dtype, tensor.dims()));
  narrow(tensor, out, threads);
  return out;
}

// What the body makes of `scores`, back in the computing dtype.
Result<Tensor> run_body(KernelContext& context, Body body, const Tensor& scores, DType dtype) {
  THANE_ASSIGN(const Tensor input, converted(scores, dtype, context.threads()));
  const Value inputs[] = {Value(input)};
  THANE_ASSIGN(const std::vector<Value> outputs, context.run_subgraph(body, inputs));
  const bool fits = outputs.size() == 1 && outputs[0].is_tensor() && outputs[0].tensor().dtype() == dtype &&
                    outputs[0].tensor().dims() == scores.dims();
  if (!fits) {
    return runtime_error(format("{} gives {}", body_name(context.node(), body),
                                outputs.size() == 1 ? outputs[0].type().to_string() : "more than one value"))
        .expecting(input.dtype() == dtype ? Type::tensor(dtype, to_symbolic(scores.dims())).to_string() : "");
  }
  Tensor wide;
  THANE_ASSIGN(wide, converted(outputs[0].tensor(), scores.dtype(), context.threads()));
  return wide.copy();
}

std::vector<MatmulOffsets> offsets(const Heads& q, const Heads& kv, int64_t a_size, int64_t b_size, int64_t c_size) {
  std::vector<MatmulOffsets> out;
  for (int64_t h = 0; h < q.batch * q.heads; ++h) {
    const int64_t kv_head = h / q.heads * kv.heads + h % q.heads / (q.heads / kv.heads);
    out.push_back({h * a_size, kv_head * b_size, h * c_size});
  }
  return out;
}

}  // namespace

Status infer_flex_attention(InferContext& context) {
  const auto& attrs = context.attrs<FlexAttentionAttrs>();
  const DType dtype = body_dtype(attrs, context.dtype(0));
  context.set(0, context.dtype(0));
  if (!(mask_of(dtype) & kFloats)) {
    return invalid_model(format("softmax_precision is {}", dtype_name(dtype))).expecting("a floating-point type");
  }
  SymDims q(4), k(4), v(4);
  for (size_t i = 0; i < 3; ++i) {
    if (!context.dims(i)) continue;
    if (context.dims(i)->size() != 4) {
      return invalid_model(format("input '{}' has the shape {}", context.node().op->input_param(i)->name,
                                  to_string(*context.dims(i))))
          .expecting("rank 4");
    }
    (i == 0 ? q : i == 1 ? k : v) = *context.dims(i);
  }
  THANE_TRY(check_same(q[0], k[0], "the batch of Q and K"));
  THANE_TRY(check_same(q[0], v[0], "the batch of Q and V"));
  THANE_TRY(check_same(k[1], v[1], "the number of heads of K and V"));
  THANE_TRY(check_same(k[2], v[2], "the length of K and V"));
  THANE_TRY(check_same(q[3], k[3], "the head size of Q and K"));
  THANE_TRY(check_head_groups(q[1], k[1]));
  const Type scores = Type::tensor(dtype, SymDims{q[0], q[1], q[2], k[2]});
  THANE_TRY(check_body(context, kScoreMod, scores));
  THANE_TRY(check_body(context, kProbMod, scores));
  context.set(0, context.dtype(0), SymDims{q[0], q[1], q[2], v[3]});
  return ok();
}

Status eval_flex_attention(KernelContext& context) {
  const auto& attrs = context.attrs<FlexAttentionAttrs>();
  ThreadPool& threads = context.threads();
  const DType dtype = body_dtype(attrs, context.input(0).dtype());
  const DType wide = dtype == DType::kFloat64 ? dtype : widened_dtype(context.input(0).dtype());
  if (context.output(0).size() == 0) return ok();
  THANE_ASSIGN(const Tensor queries, converted(context.input(0), wide, threads));
  THANE_ASSIGN(const Tensor keys, converted(context.input(1), wide, threads));
  THANE_ASSIGN(const Tensor values, converted(context.input(2), wide, threads));
  const Heads q(queries, 0), k(keys, 0), v(values, 0);
  THANE_ASSIGN(Tensor scores, Tensor::allocate(wide, {q.batch, q.heads, q.length, k.length}));
  MatmulProblem p;
  p.dtype = wide;
  p.m = q.length;
  p.n = k.length;
  p.k = q.size;
  p.a = queries.raw();
  p.a_row = q.size;
  p.b = keys.raw();
  p.b_row = 1;
  p.b_col = k.size;
  p.c = scores.raw();
  p.c_row = k.length;
  p.alpha = attrs.scale ? *attrs.scale : 1 / std::sqrt(static_cast<double>(std::max<int64_t>(q.size, 1)));
  matmul(p, offsets(q, k, p.m * p.k, p.n * p.k, p.m * p.n), threads);
  THANE_ASSIGN(scores, run_body(context, kScoreMod, scores, dtype));
  softmax_rows(scores, k.length, threads);
  THANE_ASSIGN(scores, run_body(context, kProbMod, scores, dtype));
  THANE_ASSIGN(WideOutput out, WideOutput::make(context.output(0), wide));
  p = {};
  p.dtype = wide;
  p.m = q.length;
  p.n = v.size;
  p.k = k.length;
  p.a = scores.raw();
  p.a_row = k.length;
  p.b = values.raw();
  p.b_row = v.size;
  p.c = out.tensor().raw();
  p.c_row = v.size;
  matmul(p, offsets(q, v, p.m * p.k, p.n * p.k, p.m * p.n), threads);
  out.finish(threads);
  return ok();
}

}  // namespace thane
